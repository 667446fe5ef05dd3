// Everything between Kafka and the network, with nothing of either: see whole_path.hpp.
#include "per_record.hpp"
#include "whole_path.hpp"

namespace headrace::bench {
namespace {

constexpr std::uint64_t warm_up = 50'000;
constexpr std::uint64_t records = 10'000;

void whole_path(benchmark::State& state) {
    auto const destination = static_cast<Destination>(state.range(0));
    WholePath path({.destination = destination, .order = static_cast<flow::Order>(state.range(1))});
    path.run(warm_up);
    PerRecord per(state);
    for (auto _ : state) {
        path.run(records);
        per.add(records);
    }
    if (!path.trouble().empty()) state.SkipWithError(path.trouble().c_str());
}
void orders(benchmark::internal::Benchmark* benchmark) {
    for (auto const destination : {Destination::tecton, Destination::milvus}) {
        for (auto const order : {flow::Order::none, flow::Order::key, flow::Order::partition}) {
            benchmark->Args({static_cast<int>(destination), static_cast<int>(order)});
        }
    }
    benchmark->ArgNames({"milvus", "order"})->Unit(benchmark::kMillisecond);
}
BENCHMARK(whole_path)->Apply(orders);

}  // namespace
}  // namespace headrace::bench

BENCHMARK_MAIN();
