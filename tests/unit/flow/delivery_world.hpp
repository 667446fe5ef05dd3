// A delivery machine with a scripted sink and a manual clock, for the tests of its parts.
#pragma once

#include "fakes/manual_clock.hpp"
#include "fakes/scripted_sink.hpp"
#include "flow/delivery.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace headrace::flow_test {

using namespace std::chrono_literals;

struct DeliveryWorld {
    fakes::ManualClock clock;
    fakes::ScriptedSink sink;
    flow::Gate gate;
    flow::LaneStats stats;
    std::vector<std::string> reports;
    flow::DeliverySettings settings{.order = flow::Order::key,
                                    .batch_size = 10,
                                    .batch_bytes = 1 << 20,
                                    .linger = 50ms,
                                    .max_retries = 3,
                                    .bury_after_retries = false,
                                    .backoff = {200ms, 30s},
                                    .blocked_probe = 5s,
                                    .lane = 0,
                                    .seed = 1};
    std::unique_ptr<flow::Delivery> delivery;
    flow::TopicPartition clicks{"clicks", 0, 11};
    flow::TopicPartition views{"views", 0, 22};
    std::uint64_t sequence = 0;

    static flow::GateSettings plain_gate() {
        return {.is_adaptive = false,
                .concurrency_max = 4,
                .probe = 1s,
                .blocked_probe = 5s,
                .failures_to_break = 5};
    }

    explicit DeliveryWorld(flow::GateSettings gate_settings = plain_gate())
        : gate(gate_settings, clock.wall()) {}
    /// To be called after the settings were changed and before anything else.
    void make() {
        delivery = std::make_unique<flow::Delivery>(
            settings, sink, gate, stats,
            [this](flow::Severity, std::string_view kind, std::string const&) {
                reports.emplace_back(kind);
            });
    }
    flow::Delivery::Now now() { return {clock.now(), clock.wall()}; }

    void give(flow::TopicPartition const& origin, std::string const& key,
              std::optional<std::string> value, std::uint32_t slot = 0, std::uint32_t epoch = 1) {
        if (!delivery) make();
        flow::LaneMessage message;
        std::optional<std::string_view> const key_view =
            key.empty() ? std::nullopt : std::optional<std::string_view>(key);
        message.record =
            flow::make_record(origin, static_cast<flow::Offset>(sequence), key_view, value);
        message.record.ticket = {slot, epoch, sequence++, 0};
        message.record.cost_bytes = 100;
        delivery->handle(std::move(message), now());
    }
    void order(flow::LaneMessage::Kind kind, std::uint32_t slot = 0, std::uint32_t epoch = 1) {
        flow::LaneMessage message;
        message.kind = kind;
        message.record.ticket = {slot, epoch, 0, 0};
        delivery->handle(std::move(message), now());
    }
    void acknowledge_burial(std::uint64_t hash) {
        flow::LaneMessage message;
        message.kind = flow::LaneMessage::Kind::buried;
        message.record.order_hash = hash;
        delivery->handle(std::move(message), now());
    }
    std::optional<flow::Attempt> next() {
        if (!delivery) make();
        return delivery->next(now());
    }
    void finish(flow::Attempt const& attempt, flow::Judgement judgement) {
        delivery->finish(attempt, std::move(judgement), 5ms, now());
    }
    static std::vector<std::string> values(flow::Attempt const& attempt) {
        std::vector<std::string> out;
        for (auto const index : attempt.effective) {
            out.emplace_back(*attempt.records[index].value);
        }
        return out;
    }
    /// How many outcomes of each fate there are; empties the list.
    std::map<flow::Fate, int> fates() {
        std::map<flow::Fate, int> out;
        for (auto& outcome : delivery->outcomes()) {
            ++out[outcome.fate];
            if (outcome.burial) burials.push_back(std::move(outcome.burial));
        }
        delivery->outcomes().clear();
        return out;
    }
    std::vector<std::unique_ptr<flow::Burial>> burials;

    static flow::Judgement delivered() { return {.verdict = flow::Verdict::delivered}; }
    static flow::Judgement failed(flow::FailureReason reason = flow::FailureReason::server_error) {
        return {.verdict = flow::Verdict::retry,
                .reason = reason,
                .status = "503",
                .message = "try later"};
    }
    static flow::Judgement refused() {
        return {.verdict = flow::Verdict::split,
                .reason = flow::FailureReason::rejected,
                .status = "400",
                .message = "bad record"};
    }
    static flow::Judgement blocked(flow::BlockScope scope) {
        return {.verdict = flow::Verdict::blocked,
                .reason = flow::FailureReason::blocked,
                .scope = scope,
                .status = scope == flow::BlockScope::target ? "404" : "401",
                .message = "not there"};
    }
};

}  // namespace headrace::flow_test
