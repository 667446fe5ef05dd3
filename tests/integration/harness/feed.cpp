#include "harness/feed.hpp"

#include "harness/await.hpp"

#include <cstdio>
#include <stdexcept>

namespace headrace::integration {
namespace {

constexpr std::int64_t users = 1000;

/// What every stream source of the double begins with.
std::string event(std::int64_t id) {
    char nanoseconds[24];
    std::snprintf(nanoseconds, sizeof nanoseconds, "%09lld", static_cast<long long>(id / users));
    return R"({"event_id":)" + std::to_string(id) + R"(,"user_id":"user-)" +
           std::to_string(id % users) + R"(","timestamp":"2026-01-02T03:04:05.)" + nanoseconds +
           R"(Z",)";
}

void check(Result<void> const& result) {
    if (!result) throw std::runtime_error(result.error().message);
}

}  // namespace

std::string click(std::int64_t id) {
    return event(id) + R"("url":"/page","clicked":1,"amount":2.50})";
}

std::string view(std::int64_t id) {
    return event(id) + R"("page":"/page","duration_ms":12})";
}

std::string purchase(std::int64_t id) {
    return event(id) + R"("item":"book","amount":12.5})";
}

std::string document(std::int64_t id) {
    return R"({"id":)" + std::to_string(id) +
           R"(,"vector":[0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8],"title":"Document )" +
           std::to_string(id) + "\"}";
}

Feed::Feed(std::string const& bootstrap_servers) {
    auto made = kafka::Producer::make(bootstrap_servers, {{"linger.ms", "5"}});
    if (!made) throw std::runtime_error(made.error().message);
    producer_ = std::move(*made);
}

void Feed::write(FedRecord const& record) {
    kafka::OutgoingRecord out;
    out.topic = record.topic;
    out.partition = record.partition;
    out.key = record.key;
    out.value = record.value;
    if (!record.source.empty()) out.headers.push_back({"source", record.source});
    auto const taken = [&] {
        auto const result = producer_->produce(out);
        if (!result && result.error().code != ErrorCode::timeout) check(result);
        return result.has_value();
    };
    if (!await(taken)) throw std::runtime_error("the producer's queue stays full");
}

void Feed::write_many(std::int64_t first, std::int64_t count,
                      std::function<FedRecord(std::int64_t)> const& make) {
    for (auto id = first; id != first + count; ++id) {
        write(make(id));
    }
}

void Feed::flush() {
    check(producer_->flush(std::chrono::duration_cast<std::chrono::milliseconds>(patience)));
}

}  // namespace headrace::integration
