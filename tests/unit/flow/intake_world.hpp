// An intake over a log in memory, with lanes that are played by the test: it takes messages from
// the rings and gives outcomes back.
#pragma once

#include "fakes/manual_clock.hpp"
#include "fakes/memory_dead_letters.hpp"
#include "fakes/memory_source.hpp"
#include "flow/intake.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace headrace::flow_test {

using namespace std::chrono_literals;

struct IntakeWorld {
    fakes::ManualClock clock;
    fakes::MemorySource source;
    fakes::MemoryDeadLetters topic;
    flow::Gate gate;
    flow::LaneLink link;
    flow::LaneStats stats;
    int notices = 0;
    std::size_t held_bytes = 0;
    bool has_topic = true;
    std::vector<std::string> reports;
    flow::IntakeSettings settings{.route = "clicks",
                                  .destination_type = "tecton",
                                  .order = flow::Order::key,
                                  .has_own_key = false,
                                  .commit_interval = 100ms,
                                  .uncommitted_records_max = 1000,
                                  .memory_bytes = 1 << 20,
                                  .batch_size = 10,
                                  .revoke_drain = 5s,
                                  .stopped_retry = 5s};
    std::unique_ptr<flow::Intake> intake;
    std::deque<flow::LaneMessage> lane;  ///< What the lane was given and has not answered.

    IntakeWorld()
        : gate({.is_adaptive = false,
                .concurrency_max = 4,
                .probe = 1s,
                .blocked_probe = 5s,
                .failures_to_break = 5},
               clock.wall()) {}

    TimePoint step() {
        if (!intake) {
            intake = std::make_unique<flow::Intake>(
                settings, source, has_topic ? &topic : nullptr, gate,
                std::vector<flow::LaneHandle>{
                    {&link, &stats, [this] { ++notices; }, [this] { return held_bytes; }}},
                [this](flow::Severity, std::string_view kind, std::string const&) {
                    reports.emplace_back(kind);
                });
        }
        auto const next = intake->step(clock.now(), clock.wall());
        while (auto message = link.inbound.try_pop()) {
            lane.push_back(std::move(*message));
        }
        return next;
    }
    /// Steps until nothing moves any more, without advancing the clock.
    void settle_down() {
        for (int i = 0; i < 50; ++i) {
            step();
        }
    }
    /// Answers the oldest record that the lane holds.
    void answer(flow::Fate fate) {
        while (!lane.empty() && lane.front().kind != flow::LaneMessage::Kind::record) {
            lane.pop_front();
        }
        if (lane.empty()) return;
        auto record = std::move(lane.front().record);
        lane.pop_front();
        give_back(std::move(record), fate);
    }
    void give_back(flow::Record record, flow::Fate fate) {
        flow::Outcome outcome{record.ticket, fate, record.cost_bytes, {}, nullptr};
        if (fate == flow::Fate::buried) {
            outcome.burial = std::make_unique<flow::Burial>();
            outcome.burial->record = std::move(record);
            outcome.burial->report.refusal = {flow::Stage::write, "rejected", "400", "bad"};
        }
        std::ignore = link.outbound.try_push(std::move(outcome));
    }
    void answer_all(flow::Fate fate) {
        while (has_records()) {
            answer(fate);
        }
    }
    [[nodiscard]] bool has_records() const {
        return std::any_of(lane.begin(), lane.end(), [](flow::LaneMessage const& message) {
            return message.kind == flow::LaneMessage::Kind::record;
        });
    }
    [[nodiscard]] int orders(flow::LaneMessage::Kind kind) const {
        return static_cast<int>(
            std::count_if(lane.begin(), lane.end(),
                          [&](flow::LaneMessage const& message) { return message.kind == kind; }));
    }
    flow::RouteSnapshot picture() { return intake->snapshot(clock.now(), clock.wall()); }
    [[nodiscard]] bool reported(std::string_view kind) const {
        return std::find(reports.begin(), reports.end(), kind) != reports.end();
    }
};

}  // namespace headrace::flow_test
