// Order of keys and partitions through everything at once: batches, retries, halving, suspects,
// superseded records, refused ones that are held, and partitions that are taken away and come
// back. Random histories against a destination that remembers the last value of each key.
#include "delivery_world.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <map>
#include <set>

using namespace headrace;
using namespace headrace::flow_test;
using flow::Fate;
using flow::Order;

namespace {

constexpr std::uint32_t slots = 2;

struct History {
    History(std::uint64_t seed, Order order, bool collapses)
        : random(seed), world(gate_settings(seed)) {
        world.settings.order = order;
        world.settings.batch_size = 1 + random.next() % 8;
        world.settings.max_retries = 1;
        world.settings.backoff = {10ms, 100ms};
        world.settings.suspect_after = random.next() % 2 == 0 ? 0 : 3;
        world.settings.suspect_time = 1s;
        world.settings.seed = seed;
        world.sink.collapses = collapses;
        world.make();
    }
    static flow::GateSettings gate_settings(std::uint64_t seed) {
        auto settings = DeliveryWorld::plain_gate();
        settings.in_a_row_max = seed % 3 == 0 ? 0 : 20;
        return settings;
    }

    /// Values are "KEY:OFFSET"; a refused one ends with "!".
    struct Produced {
        std::string key;
        std::string value;
    };
    struct InFlight {
        flow::Attempt attempt;
        std::vector<std::string> values;
        std::vector<std::uint64_t> hashes;
    };

    Random random;
    DeliveryWorld world;
    std::vector<std::vector<Produced>> log{slots};
    std::vector<std::size_t> read = std::vector<std::size_t>(slots);
    std::vector<std::set<std::size_t>> settled{slots};
    std::vector<std::uint32_t> epochs = std::vector<std::uint32_t>(slots, 1);
    std::vector<InFlight> in_flight;
    std::map<std::string, std::string> rows;  ///< What the destination holds, by key.
    std::size_t outcomes = 0;
    std::size_t admitted = 0;
    bool is_mended = false;

    bool chance(unsigned percent) { return !is_mended && random.next() % 100 < percent; }

    flow::TopicPartition const& origin(std::uint32_t slot) {
        return slot == 0 ? world.clicks : world.views;
    }
    void produce() {
        auto const slot = static_cast<std::uint32_t>(random.next() % slots);
        auto const key = (slot == 0 ? "c" : "v") + std::to_string(random.next() % 4);
        auto value = key + ":" + std::to_string(log[slot].size());
        if (random.next() % 20 == 0) value += "!";
        log[slot].push_back({key, value});
    }
    void read_one(std::uint32_t slot) {
        if (read[slot] == log[slot].size()) return;
        auto const at = read[slot]++;
        flow::LaneMessage message;
        message.record = flow::make_record(origin(slot), static_cast<flow::Offset>(at),
                                           log[slot][at].key, log[slot][at].value);
        message.record.ticket = {slot, epochs[slot], at, 0};
        message.record.cost_bytes = 1;
        ++admitted;
        world.delivery->handle(std::move(message), world.now());
    }
    void send() {
        while (auto const attempt = world.next()) {
            InFlight request{*attempt, DeliveryWorld::values(*attempt), {}};
            for (auto const& record : attempt->records) {
                request.hashes.push_back(record.order_hash);
            }
            for (auto const& other : in_flight) {
                for (auto const hash : request.hashes) {
                    bool const is_shared =
                        hash != 0 && std::find(other.hashes.begin(), other.hashes.end(), hash) !=
                                         other.hashes.end();
                    REQUIRE_FALSE(is_shared);
                }
            }
            in_flight.push_back(std::move(request));
        }
        take_outcomes();
    }
    void answer_one() {
        if (in_flight.empty()) return;
        auto const at = random.next() % in_flight.size();
        auto const request = std::move(in_flight[at]);
        in_flight.erase(in_flight.begin() + static_cast<std::ptrdiff_t>(at));
        bool const is_refused =
            std::any_of(request.values.begin(), request.values.end(),
                        [](std::string const& value) { return value.ends_with('!'); });
        if (chance(25)) {
            world.finish(request.attempt, DeliveryWorld::failed());
        } else if (chance(3)) {
            world.finish(request.attempt, DeliveryWorld::blocked(flow::BlockScope::destination));
        } else if (chance(3)) {
            world.finish(request.attempt, DeliveryWorld::blocked(flow::BlockScope::target));
        } else if (is_refused) {
            world.finish(request.attempt, DeliveryWorld::refused());
        } else {
            for (auto const& value : request.values) {
                rows[value.substr(0, value.find(':'))] = value;
            }
            world.finish(request.attempt, DeliveryWorld::delivered());
        }
        take_outcomes();
    }
    void take_outcomes() {
        std::vector<std::uint64_t> buried;
        for (auto& outcome : world.delivery->outcomes()) {
            ++outcomes;
            auto const& ticket = outcome.ticket;
            if (outcome.burial) buried.push_back(outcome.burial->record.order_hash);
            bool const is_returned = outcome.fate == Fate::revoked;
            if (!is_returned && ticket.epoch == epochs[ticket.slot])
                settled[ticket.slot].insert(ticket.sequence);
        }
        world.delivery->outcomes().clear();
        for (auto const hash : buried) {
            if (hash != 0) world.acknowledge_burial(hash);
        }
        if (!world.delivery->outcomes().empty()) take_outcomes();
    }
    /// The partition goes, drained, and comes back: what was not settled is read again.
    void lose(std::uint32_t slot) {
        world.order(flow::LaneMessage::Kind::revoke, slot, epochs[slot]);
        take_outcomes();
        while (!in_flight.empty()) {
            answer_one();
        }
        ++epochs[slot];
        std::size_t first = 0;
        while (settled[slot].contains(first)) {
            ++first;
        }
        read[slot] = first;
        settled[slot] = {};
        for (std::size_t at = 0; at < first; ++at) {
            settled[slot].insert(at);
        }
    }
    void live(int steps) {
        for (int i = 0; i < steps; ++i) {
            switch (random.next() % 8) {
                case 0:
                case 1:
                    produce();
                    break;
                case 2:
                case 3:
                    read_one(static_cast<std::uint32_t>(random.next() % slots));
                    break;
                case 4:
                    send();
                    break;
                case 5:
                    answer_one();
                    break;
                case 6:
                    world.clock.advance(std::chrono::milliseconds(random.next() % 200));
                    break;
                default:
                    if (chance(5)) lose(static_cast<std::uint32_t>(random.next() % slots));
            }
        }
    }
    /// Nothing fails any more but what is refused; everything ends.
    void end() {
        is_mended = true;
        for (int i = 0; i < 400 && (i < 20 || !world.delivery->is_idle()); ++i) {
            for (std::uint32_t slot = 0; slot < slots; ++slot) {
                while (read[slot] < log[slot].size()) {
                    read_one(slot);
                }
            }
            world.clock.advance(1s);
            send();
            while (!in_flight.empty()) {
                answer_one();
                send();
            }
            world.gate.resume(world.clock.now(), world.clock.wall());
        }
    }
};

}  // namespace

TEST_CASE("equal keys are never in two requests, and the last value wins, through every trouble") {
    for (std::uint64_t seed = 0; seed < 150; ++seed) {
        auto const order = seed % 4 == 3 ? Order::partition : Order::key;
        CAPTURE(seed);
        History history(seed, order, seed % 2 == 0);
        history.live(1500);
        history.end();
        REQUIRE(history.world.delivery->is_idle());
        CHECK(history.outcomes == history.admitted);
        CHECK(history.world.gate.permits_taken() == 0);
        for (std::uint32_t slot = 0; slot < slots; ++slot) {
            CHECK(history.settled[slot].size() == history.log[slot].size());
            std::map<std::string, std::string> last;
            for (auto const& produced : history.log[slot]) {
                if (!produced.value.ends_with('!')) last[produced.key] = produced.value;
            }
            for (auto const& [key, value] : last) {
                CHECK(history.rows[key] == value);
            }
        }
    }
}

TEST_CASE("without an order every record still ends exactly once") {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        CAPTURE(seed);
        History history(seed, Order::none, false);
        history.live(1000);
        history.end();
        REQUIRE(history.world.delivery->is_idle());
        CHECK(history.outcomes == history.admitted);
        CHECK(history.world.gate.permits_taken() == 0);
    }
}
