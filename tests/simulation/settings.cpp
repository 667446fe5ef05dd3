#include "simulation/settings.hpp"

#include <sstream>

namespace headrace::simulation {
namespace {

using namespace std::chrono_literals;

/// A fault is there at all in some worlds only.
double rate(Chance& chance, double most) {
    return chance.happens(0.4) ? most * static_cast<double>(chance.between(1, 10)) / 10 : 0;
}

RecordShape draw_record(Chance& chance) {
    RecordShape shape;
    shape.keys = chance.pick<std::size_t>({1, 2, 5, 20, 100});
    shape.keyless = rate(chance, 0.5);
    shape.tombstone = rate(chance, 0.2);
    shape.refused_at_decode = rate(chance, 0.1);
    shape.refused_at_encode = rate(chance, 0.1);
    shape.refused_at_write = rate(chance, 0.2);
    shape.oversized = rate(chance, 0.05);
    shape.gap = rate(chance, 0.3);
    shape.value_bytes_max = chance.pick<std::size_t>({8, 60, 400});
    return shape;
}

DestinationFaults draw_destination(Chance& chance) {
    DestinationFaults faults;
    for (auto* const fault :
         {&faults.slow, &faults.errors, &faults.resets, &faults.hangs, &faults.throttles,
          &faults.blocks, &faults.outages, &faults.loses_targets, &faults.forgets_schema,
          &faults.misspeaks, &faults.refuses_at_random}) {
        *fault = chance.happens(0.35);
    }
    return faults;
}

DeadLetterFaults draw_dead_letters(Chance& chance) {
    DeadLetterFaults faults;
    faults.is_absent = chance.happens(0.1);
    faults.refuses = chance.happens(0.3);
    faults.fails = chance.happens(0.3);
    faults.is_slow = chance.happens(0.3);
    return faults;
}

GroupFaults draw_group(Chance& chance) {
    GroupFaults faults;
    faults.is_cooperative = chance.happens(0.6);
    faults.members_max = chance.pick<std::size_t>({1, 1, 2, 3});
    for (auto* const fault :
         {&faults.moves, &faults.evicts, &faults.pauses, &faults.crashes, &faults.drains,
          &faults.fails_commits, &faults.is_slow_to_commit, &faults.loses_commit_answers}) {
        *fault = chance.happens(0.35);
    }
    faults.refuses_metadata = chance.happens(0.1);
    faults.expires = chance.happens(0.1);
    faults.session = chance.pick<Duration>({3s, 10s, 45s});
    return faults;
}

flow::DeliverySettings draw_delivery(Chance& chance) {
    flow::DeliverySettings delivery;
    delivery.order = chance.pick({flow::Order::key, flow::Order::key, flow::Order::key,
                                  flow::Order::partition, flow::Order::none});
    delivery.batch_size = chance.pick<std::size_t>({1, 2, 5, 10, 40});
    delivery.batch_bytes = chance.pick<std::size_t>({300, 2000, 1 << 20});
    delivery.linger = chance.pick<Duration>({0ms, 10ms, 50ms, 1s});
    delivery.max_retries = static_cast<unsigned>(chance.below(4));
    delivery.bury_after_retries = chance.happens(0.15);
    delivery.backoff = {chance.pick<Duration>({1ms, 200ms}), chance.pick<Duration>({1s, 30s})};
    delivery.suspect_after = chance.pick({0U, 0U, 2U, 5U});
    delivery.suspect_time = chance.pick<Duration>({0ms, 2s});
    delivery.buries_suspects = true;
    delivery.blocked_probe = chance.pick<Duration>({500ms, 5s});
    return delivery;
}

flow::GateSettings draw_gate(Chance& chance, flow::DeliverySettings const& delivery) {
    flow::GateSettings gate;
    gate.is_adaptive = chance.happens(0.5);
    gate.concurrency_max = chance.pick<std::uint32_t>({1, 2, 4, 16});
    gate.probe = chance.pick<Duration>({100ms, 1s});
    gate.blocked_probe = delivery.blocked_probe;
    gate.in_a_row_max = chance.pick<std::uint32_t>({0, 0, 2, 10});
    gate.retry_budget_percent = chance.pick<std::uint32_t>({10, 100});
    return gate;
}

flow::RateSettings draw_rate(Chance& chance) {
    flow::RateSettings rate;
    if (!chance.happens(0.25)) return rate;
    rate.requests_per_sec = chance.pick<std::uint64_t>({0, 5, 20, 100});
    rate.records_per_sec = chance.pick<std::uint64_t>({0, 0, 20, 200});
    rate.bytes_per_sec = chance.pick<std::uint64_t>({0, 0, 2000, 20000});
    return rate;
}

flow::IntakeSettings draw_intake(Chance& chance, WorldSettings const& world) {
    flow::IntakeSettings intake;
    intake.route = "clicks";
    intake.destination_type = "scripted";
    intake.order = world.delivery.order;
    intake.has_own_key = world.request.has_own_key;
    intake.commit_interval = chance.pick<Duration>({20ms, 100ms, 1s});
    intake.uncommitted_records_max = chance.pick<std::size_t>({1, 10, 50, 1000});
    intake.memory_bytes = chance.pick<std::size_t>({4 << 10, 20 << 10, 1 << 20});
    intake.batch_size = world.delivery.batch_size;
    intake.batch_bytes = world.delivery.batch_bytes;
    intake.revoke_drain = chance.pick<Duration>({0ms, 300ms, 5s});
    intake.stopped_retry = world.delivery.blocked_probe;
    intake.lane_full_records = chance.pick<std::size_t>({2, 10, 2000});
    return intake;
}

}  // namespace

WorldSettings draw_settings(std::uint64_t seed) {
    Chance chance(seed ^ 0x5E771265);
    WorldSettings world;
    world.seed = seed;
    world.records = chance.pick<std::size_t>({5, 30, 80, 150, 300});
    world.partitions = chance.pick<std::size_t>({1, 1, 2, 3, 6});
    world.topics = chance.between(1, std::min<std::size_t>(world.partitions, 2));
    world.targets = chance.pick<std::size_t>({1, 1, 2, 3});
    world.lanes = chance.between(1, 4);
    world.ring = chance.pick<std::size_t>({64, 128, 1024});
    world.body_bytes_max = chance.pick<std::size_t>({1000, 4096, 1 << 20});
    world.must_prepare = chance.happens(0.3);
    world.on_tombstone = chance.pick({OnTombstone::skip, OnTombstone::write, OnTombstone::refuse});
    world.chaos = chance.pick<Duration>({2s, 10s, 30s, 90s});
    world.http_timeout = chance.pick<Duration>({500ms, 3s, 30s});
    world.drain = chance.pick<Duration>({1s, 5s, 25s});
    world.thread_delay = chance.pick<Duration>({10us, 1ms, 30ms});
    world.jumps_wall = chance.happens(0.3);
    world.record = draw_record(chance);
    world.destination = draw_destination(chance);
    world.dead_letters = draw_dead_letters(chance);
    world.group = draw_group(chance);
    world.request.has_own_key = chance.happens(0.25);
    world.request.has_one_name = world.targets == 1 && chance.happens(0.5);
    world.request.targets_max = world.targets == 1 ? 1 : chance.between(1, world.targets);
    world.request.envelope_bytes = chance.pick<std::size_t>({0, 20});
    world.collapses = world.request.has_own_key && chance.happens(0.7);
    world.delivery = draw_delivery(chance);
    world.gate = draw_gate(chance, world.delivery);
    world.intake = draw_intake(chance, world);
    world.prefetch_bytes = chance.happens(0.3) ? world.intake.memory_bytes / 4 : 0;
    world.gate.rate = draw_rate(chance);
    // The consumer thread does not see a key that stands in the value.
    if (world.request.has_own_key) world.lanes = 1;
    return world;
}

namespace {

double ms(Duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

template <class Names, class... Flags>
void list(std::ostream& out, Names const& names, Flags... flags) {
    std::size_t index = 0;
    bool any = false;
    auto const one = [&](bool is_set) {
        if (is_set) out << ' ' << names[index];
        any = any || is_set;
        ++index;
    };
    (one(flags), ...);
    out << (any ? "\n" : " none\n");
}

void describe_faults(std::ostream& out, WorldSettings const& world) {
    auto const& to = world.destination;
    char const* const destination[] = {
        "slow",    "errors",        "resets",         "hangs",     "throttles",        "blocks",
        "outages", "loses_targets", "forgets_schema", "misspeaks", "refuses_at_random"};
    out << "  destination:";
    list(out, destination, to.slow, to.errors, to.resets, to.hangs, to.throttles, to.blocks,
         to.outages, to.loses_targets, to.forgets_schema, to.misspeaks, to.refuses_at_random);
    auto const& letters = world.dead_letters;
    char const* const topic[] = {"absent", "refuses", "fails", "slow"};
    out << "  dead letters:";
    list(out, topic, letters.is_absent, letters.refuses, letters.fails, letters.is_slow);
    auto const& group = world.group;
    char const* const kafka[] = {"cooperative",      "moves",          "evicts",
                                 "pauses",           "crashes",        "drains",
                                 "fails_commits",    "slow_to_commit", "loses_commit_answers",
                                 "refuses_metadata", "expires"};
    out << "  group: members_max " << group.members_max << ", session_ms " << ms(group.session)
        << ':';
    list(out, kafka, group.is_cooperative, group.moves, group.evicts, group.pauses, group.crashes,
         group.drains, group.fails_commits, group.is_slow_to_commit, group.loses_commit_answers,
         group.refuses_metadata, group.expires);
}

}  // namespace

std::string describe(WorldSettings const& world) {
    char const* const orders[] = {"key", "partition", "none"};
    char const* const tombstones[] = {"skip", "write", "refuse"};
    auto const& delivery = world.delivery;
    auto const& intake = world.intake;
    auto const& record = world.record;
    std::ostringstream out;
    out << "  records " << world.records << ", partitions " << world.partitions << ", topics "
        << world.topics << ", targets " << world.targets << " (" << world.request.targets_max
        << " a request" << (world.request.has_one_name ? ", one name" : "") << "), lanes "
        << world.lanes << ", ring " << world.ring << ", thread_delay_ms " << ms(world.thread_delay)
        << "\n  order " << orders[static_cast<int>(delivery.order)]
        << (world.request.has_own_key ? " (the destination's own)" : "")
        << (world.collapses ? ", collapses" : "") << (world.must_prepare ? ", must prepare" : "")
        << ", on_tombstone " << tombstones[static_cast<int>(world.on_tombstone)]
        << "\n  batch_size " << delivery.batch_size << ", bytes " << delivery.batch_bytes
        << ", linger_ms " << ms(delivery.linger) << ", body_bytes_max " << world.body_bytes_max
        << ", max_retries " << delivery.max_retries
        << (delivery.bury_after_retries ? ", then dead_letter" : ", then block") << ", concurrency "
        << (world.gate.is_adaptive ? "auto up to " : "") << world.gate.concurrency_max
        << ", in_a_row_max " << world.gate.in_a_row_max << ", budget_percent "
        << world.gate.retry_budget_percent << ", suspect_after " << delivery.suspect_after
        << ", probe_ms " << ms(world.gate.probe) << ", blocked_probe_ms "
        << ms(delivery.blocked_probe) << ", a second " << world.gate.rate.requests_per_sec
        << " requests, " << world.gate.rate.records_per_sec << " records, "
        << world.gate.rate.bytes_per_sec << " bytes (0: any)\n  memory " << intake.memory_bytes
        << ", prefetch " << world.prefetch_bytes << ", uncommitted_records_max "
        << intake.uncommitted_records_max << ", commit_interval_ms " << ms(intake.commit_interval)
        << ", revoke_drain_ms " << ms(intake.revoke_drain) << ", http_timeout_ms "
        << ms(world.http_timeout) << ", drain_ms " << ms(world.drain) << ", lane_full_records "
        << intake.lane_full_records << "\n  record: keys " << record.keys << ", keyless "
        << record.keyless << ", tombstone " << record.tombstone << ", refused at decode "
        << record.refused_at_decode << ", encode " << record.refused_at_encode << ", write "
        << record.refused_at_write << ", oversized " << record.oversized << ", gap " << record.gap
        << ", value_bytes_max " << record.value_bytes_max << "\n";
    describe_faults(out, world);
    return out.str();
}

}  // namespace headrace::simulation
