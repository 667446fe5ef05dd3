// The whole way of a record without Kafka and without a network, on one thread: endless source,
// intake, ring, delivery, encode, an answer that says yes at once, judge, settle, tracker, commit.
// Used by the benchmark of the path and by the test that it allocates nothing. It stands for the
// lane and the HTTP sink, whose coroutines are measured with the real daemon. Thread safety: not
// thread-safe.
#pragma once

#include "endless_source.hpp"
#include "fakes/manual_clock.hpp"
#include "flow/intake.hpp"
#include "request_dialects.hpp"

#include <memory>
#include <vector>

namespace headrace::bench {

struct WholePathSettings {
    Destination destination = Destination::tecton;
    flow::Order order = flow::Order::none;
    Duration commit_interval = std::chrono::milliseconds(100);
    std::size_t record_bytes = 512;
    std::size_t keys = 20'000;      ///< Dealt out in turn; fewer than are open wait for each other.
    std::size_t requests_max = 16;  ///< In flight, answered in the order in which they were sent.
};

class WholePath {
  public:
    explicit WholePath(WholePathSettings settings);
    ~WholePath();

    /// Takes so many records from the source to their settlement.
    void run(std::uint64_t records);
    [[nodiscard]] std::uint64_t written() const;
    [[nodiscard]] std::uint64_t requests() const noexcept { return requests_; }
    [[nodiscard]] std::uint64_t commits() const noexcept { return source_.commits(); }
    [[nodiscard]] std::uint64_t committed_records() const noexcept {
        return source_.committed_records();
    }
    /// Anything that did not go as it should; empty if nothing did.
    [[nodiscard]] std::string const& trouble() const noexcept { return trouble_; }

  private:
    class DialectSink;
    struct Exchange;

    void turn();
    void send(flow::Delivery::Now now);
    void answer(flow::Delivery::Now now);
    void hand_back();

    WholePathSettings const settings_;
    fakes::ManualClock clock_;
    EndlessSource source_;
    flow::Gate gate_;
    flow::LaneLink link_;
    flow::LaneStats stats_;
    std::unique_ptr<DialectSink> sink_;
    std::unique_ptr<flow::Delivery> delivery_;
    std::unique_ptr<flow::Intake> intake_;
    std::vector<std::unique_ptr<Exchange>> in_flight_;  ///< The oldest first.
    std::vector<std::unique_ptr<Exchange>> idle_;
    std::uint64_t settled_ = 0;
    std::uint64_t requests_ = 0;
    std::string trouble_;
};

}  // namespace headrace::bench
