// What a scrape of /metrics costs; a record here is a route.
#include "ops/metrics.hpp"
#include "per_record.hpp"

namespace headrace::bench {
namespace {

flow::RouteSnapshot route(std::size_t number, std::size_t partitions) {
    flow::RouteSnapshot route;
    route.name = "route-" + std::to_string(number);
    route.destination_type = "tecton";
    route.joined = true;
    route.read_by_topic = {{"clicks", 1300}};
    route.dead_lettered_by_reason = {{"invalid_json", 10}};
    route.write_duration_seconds = {{0.001, 0.01, 0.1, 1}, {1, 90, 128, 130, 130}, 12.25};
    route.end_to_end_seconds = route.write_duration_seconds;
    route.batch_records = {{1, 10}, {2, 130, 130}, 1180};
    for (std::size_t at = 0; at < partitions; ++at) {
        auto& partition = route.partitions.emplace_back();
        partition.topic = "clicks";
        partition.partition = static_cast<std::int32_t>(at);
        partition.read = 1'000'000;
        partition.committed = 999'000;
        partition.end = 1'001'000;
        partition.lag_records = 2000;
    }
    return route;
}

void render_metrics(benchmark::State& state) {
    std::vector<flow::RouteSnapshot> routes;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
        routes.push_back(route(routes.size(), static_cast<std::size_t>(state.range(1))));
    }
    ops::ProcessSample const process;
    PerRecord per(state);
    for (auto _ : state) {
        benchmark::DoNotOptimize(ops::render_metrics(routes, process, "0.1.0"));
        per.add(routes.size());
    }
}
BENCHMARK(render_metrics)
    ->Args({1, 4})
    ->Args({1, 1000})
    ->Args({100, 4})
    ->ArgNames({"routes", "partitions"});

}  // namespace
}  // namespace headrace::bench
