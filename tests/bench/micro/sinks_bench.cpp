// The dialects by themselves: is a value valid, where is it put, what does the answer say.
#include "base/json.hpp"
#include "http/compressor.hpp"
#include "payloads.hpp"
#include "per_record.hpp"
#include "request_dialects.hpp"

#include <numeric>

namespace headrace::bench {
namespace {

flow::TopicPartition const origin{"clicks", 0, 12345};

/// Records that were placed and inspected, and the dialect that will write them.
struct Load {
    explicit Load(benchmark::State& state)
        : destination(static_cast<Destination>(state.range(0))),
          dialect(make_dialect(destination)),
          values(destination == Destination::tecton ? make_clicks(10, 512)
                                                    : make_documents(200, 10'000)),
          effective(values.size()) {
        make_ready(*dialect);
        std::iota(effective.begin(), effective.end(), 0U);
        for (auto const& value : values) {
            auto& record = records.emplace_back();
            record.origin = &origin;
            record.value = value;
            record.target = std::get<flow::TargetId>(dialect->place(record));
            inspect(record);
        }
    }

    void inspect(flow::Record& record) {
        auto const inspected = dialect->inspect(record, record.target);
        record.sink_word = std::get<flow::Inspection>(inspected).sink_word;
    }

    Destination destination;
    std::unique_ptr<sinks::Dialect> dialect;
    std::vector<std::string> values;
    std::vector<flow::Record> records;
    std::vector<std::uint32_t> effective;
};

void destinations(benchmark::internal::Benchmark* benchmark) {
    benchmark->Arg(static_cast<int>(Destination::tecton))
        ->Arg(static_cast<int>(Destination::milvus))
        ->ArgName("milvus");
}

void validate(benchmark::State& state) {
    auto const values = make_clicks(100, static_cast<std::size_t>(state.range(0)));
    JsonValidator validator;
    PerRecord per(state);
    std::int64_t bytes = 0;
    for (auto _ : state) {
        for (auto const& value : values) {
            benchmark::DoNotOptimize(validator.check_object(value));
            bytes += static_cast<std::int64_t>(value.size());
        }
        per.add(values.size());
    }
    state.SetBytesProcessed(bytes);
}
BENCHMARK(validate)->Arg(512)->Arg(10'000)->ArgName("bytes");

void place_and_inspect(benchmark::State& state) {
    Load load(state);
    PerRecord per(state);
    for (auto _ : state) {
        for (auto& record : load.records) {
            benchmark::DoNotOptimize(load.dialect->place(record));
            load.inspect(record);
        }
        per.add(load.records.size());
    }
}
BENCHMARK(place_and_inspect)->Apply(destinations);

void encode(benchmark::State& state) {
    Load load(state);
    sinks::EncodedRequest request;
    load.dialect->encode(load.records, load.effective, request);
    PerRecord per(state);
    for (auto _ : state) {
        request.clear();
        load.effective.clear();
        load.dialect->collapse(load.records, load.effective);
        load.dialect->encode(load.records, load.effective, request);
        benchmark::DoNotOptimize(request.body.data());
        per.add(load.records.size());
    }
}
BENCHMARK(encode)->Apply(destinations);

void judge(benchmark::State& state) {
    Load load(state);
    sinks::EncodedRequest request;
    load.dialect->encode(load.records, load.effective, request);
    http::Response response;
    say_yes(load.destination, load.records.size(), response);
    PerRecord per(state);
    for (auto _ : state) {
        benchmark::DoNotOptimize(load.dialect->judge(request, response));
        per.add(load.records.size());
    }
}
BENCHMARK(judge)->Apply(destinations);

/// A whole body; `bytes_per_second` are those of the plain one, `ratio` is plain to compressed.
void compress(benchmark::State& state) {
    Load load(state);
    sinks::EncodedRequest request;
    load.dialect->encode(load.records, load.effective, request);
    http::Compressor compressor({.coding = static_cast<http::ContentCoding>(state.range(1)),
                                 .level = static_cast<int>(state.range(2))});
    std::string packed;
    // Warm before counting.
    benchmark::DoNotOptimize(compressor.compress(request.body, packed));
    PerRecord per(state);
    std::int64_t bytes = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(compressor.compress(request.body, packed));
        bytes += static_cast<std::int64_t>(request.body.size());
        per.add(load.records.size());
    }
    state.SetBytesProcessed(bytes);
    state.counters["ratio"] =
        static_cast<double>(request.body.size()) / static_cast<double>(packed.size());
}
void codings(benchmark::internal::Benchmark* benchmark) {
    for (auto const destination : {Destination::tecton, Destination::milvus}) {
        for (auto const coding : {http::ContentCoding::gzip, http::ContentCoding::zstd}) {
            for (auto const level : {1, 3, 6, 9}) {
                benchmark->Args({static_cast<int>(destination), static_cast<int>(coding), level});
            }
        }
    }
    benchmark->ArgNames({"milvus", "coding", "level"});
}
BENCHMARK(compress)->Apply(codings);

}  // namespace
}  // namespace headrace::bench
