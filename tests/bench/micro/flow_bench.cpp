// The parts of the flow by themselves.
#include "fakes/manual_clock.hpp"
#include "flow/batcher.hpp"
#include "flow/gate.hpp"
#include "flow/lane_link.hpp"
#include "flow/offset_tracker.hpp"
#include "flow/order_locks.hpp"
#include "flow/settled_map.hpp"
#include "flow/splitter.hpp"
#include "payloads.hpp"
#include "per_record.hpp"

#include <numeric>
#include <tuple>

namespace headrace::bench {
namespace {

using namespace std::chrono_literals;

flow::TopicPartition const origin{"clicks", 0, 12345};
constexpr std::size_t window = 1024;  ///< Records open at a time.

flow::Record record(flow::Offset offset, std::string_view key = {}) {
    flow::Record record;
    record.origin = &origin;
    record.offset = offset;
    record.encoded_bytes = 512;
    record.cost_bytes = 1024;
    if (!key.empty()) record.key = key;
    return record;
}

/// Settled in the order in which they were read, or as lanes that take turns settle them.
void tracker(benchmark::State& state) {
    auto const stride = static_cast<std::uint64_t>(state.range(0));
    flow::OffsetTracker tracker;
    flow::Offset offset = 0;
    TimePoint const now{};
    PerRecord per(state);
    for (auto _ : state) {
        auto const base = tracker.read();
        for (std::size_t i = 0; i < window; ++i) {
            tracker.track(offset++, 1'700'000'000'000, now, 1);
        }
        for (std::uint64_t first = 0; first < stride; ++first) {
            for (std::uint64_t i = first; i < window; i += stride) {
                tracker.settle(base + i);
            }
        }
        benchmark::DoNotOptimize(tracker.committable());
        per.add(window);
    }
}
BENCHMARK(tracker)->Arg(1)->Arg(10)->ArgName("stride");

/// The map of a commit: runs of ten settled records with one open between them.
void settled_map_write(benchmark::State& state) {
    PerRecord per(state);
    for (auto _ : state) {
        flow::SettledMapWriter writer(1000, "cluster-id-of-22-letter");
        flow::Offset at = 1001;
        std::uint64_t records = 0;
        while (writer.add({at, at + 9}, 3)) {
            at += 11;
            records += 10;
        }
        benchmark::DoNotOptimize(writer.finish());
        per.add(records);
    }
}
BENCHMARK(settled_map_write);

void settled_map_read(benchmark::State& state) {
    flow::SettledMapWriter writer(1000, "cluster-id-of-22-letter");
    flow::Offset at = 1001;
    while (writer.add({at, at + 9}, 3)) {
        at += 11;
    }
    auto const text = writer.finish();
    PerRecord per(state);
    for (auto _ : state) {
        flow::SettledBefore before(flow::read_settled_map(text).value());
        for (flow::Offset offset = 1000; offset < at; ++offset) {
            benchmark::DoNotOptimize(before.covers(offset, 3));
        }
        per.add(static_cast<std::uint64_t>(at - 1000));
    }
}
BENCHMARK(settled_map_read);

void batcher(benchmark::State& state) {
    auto const targets = static_cast<std::uint64_t>(state.range(0));
    flow::Batcher batcher({.records_per_target_max = 10,
                           .targets_max = targets,
                           .bytes_max = 1U << 20,
                           .envelope_bytes = 256,
                           .linger = 50ms});
    TimePoint const now{};
    flow::Offset offset = 0;
    PerRecord per(state);
    for (auto _ : state) {
        for (std::size_t i = 0; i < window; ++i) {
            auto one = record(offset++);
            one.target = static_cast<flow::TargetId>(i % targets);
            auto* batch = batcher.find(one.target, one.encoded_bytes);
            if (batch == nullptr) batch = &batcher.open_batch(one.target, now);
            batcher.add(*batch, std::move(one));
        }
        while (auto batch = batcher.take(now)) {
            batcher.recycle(std::move(batch));
        }
        per.add(window);
    }
}
BENCHMARK(batcher)->Arg(1)->Arg(4)->ArgName("targets");

/// Every key free, as it nearly always is.
void order_locks(benchmark::State& state) {
    flow::OrderLocks locks;
    std::uint64_t next = 1;
    PerRecord per(state);
    for (auto _ : state) {
        auto const first = next;
        for (std::size_t i = 0; i < window; ++i, ++next) {
            auto const hash = next * 0x9E3779B97F4A7C15U;
            std::ignore = locks.try_join(hash, 1);
        }
        for (auto at = first; at != next; ++at) {
            benchmark::DoNotOptimize(locks.unlock(at * 0x9E3779B97F4A7C15U));
        }
        per.add(window);
    }
}
BENCHMARK(order_locks);

/// One hot key: all but the first record wait.
void order_locks_waiting(benchmark::State& state) {
    flow::OrderLocks locks;
    PerRecord per(state);
    for (auto _ : state) {
        locks.lock(7, 1);
        for (std::size_t i = 0; i < window; ++i) {
            auto one = record(static_cast<flow::Offset>(i));
            one.order_hash = 7;
            locks.wait(std::move(one));
        }
        for (std::size_t i = 0; i < window; ++i) {
            benchmark::DoNotOptimize(locks.unlock(7));
            benchmark::DoNotOptimize(locks.take_first(7));
            locks.lock(7, 1);
        }
        benchmark::DoNotOptimize(locks.unlock(7));
        locks.settle_empty(7);
        per.add(window);
    }
}
BENCHMARK(order_locks_waiting);

void splitter(benchmark::State& state) {
    auto const order = static_cast<flow::Order>(state.range(0));
    flow::Splitter splitter(order, 4);
    std::vector<std::uint64_t> const backlogs(4);
    auto const keys = make_keys(window);
    std::vector<flow::Place> places(window);
    PerRecord per(state);
    for (auto _ : state) {
        for (std::size_t i = 0; i < window; ++i) {
            places[i] = splitter.place(record(0, keys[i]), backlogs);
        }
        for (auto const place : places) {
            splitter.settle(place);
        }
        per.add(window);
    }
}
BENCHMARK(splitter)
    ->Arg(static_cast<int>(flow::Order::key))
    ->Arg(static_cast<int>(flow::Order::partition))
    ->Arg(static_cast<int>(flow::Order::none))
    ->ArgName("order");

/// Filled and emptied by one thread: what the ring costs apart from the way between two cores.
void ring(benchmark::State& state) {
    flow::SpscRing<flow::LaneMessage> ring(window);
    PerRecord per(state);
    for (auto _ : state) {
        for (std::size_t i = 0; i < window; ++i) {
            flow::LaneMessage message;
            message.record = record(static_cast<flow::Offset>(i));
            benchmark::DoNotOptimize(ring.try_push(std::move(message)));
        }
        while (auto message = ring.try_pop()) {
            benchmark::DoNotOptimize(message);
        }
        per.add(window);
    }
}
BENCHMARK(ring);

/// A request that is allowed, sent and answered; a record here is a request.
void gate(benchmark::State& state) {
    fakes::ManualClock const clock;
    flow::Gate gate({.concurrency_max = 64, .probe = 1s, .blocked_probe = 5s}, clock.wall());
    flow::Gate::Claim claim;
    auto const now = clock.now();
    auto const wall = clock.wall();
    PerRecord per(state);
    for (auto _ : state) {
        benchmark::DoNotOptimize(gate.passage(now));
        benchmark::DoNotOptimize(gate.try_acquire(claim, now));
        auto const request = gate.begin_request(now, true);
        gate.on_success({.now = now, .wall = wall, .request = request, .took = 1ms});
        gate.release(claim);
        per.add(1);
    }
}
BENCHMARK(gate);

}  // namespace
}  // namespace headrace::bench
