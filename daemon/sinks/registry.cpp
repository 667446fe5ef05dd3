#include "sinks/registry.hpp"

#include "sinks/http_sink.hpp"
#include "sinks/milvus.hpp"
#include "sinks/tecton.hpp"

#include <algorithm>
#include <array>

namespace headrace::sinks {
namespace {

using std::chrono::milliseconds;

std::unique_ptr<Dialect> milvus(DestinationSettings const& settings) {
    return make_milvus_dialect(std::get<MilvusSettings>(settings));
}

std::unique_ptr<Dialect> tecton(DestinationSettings const& settings) {
    return make_tecton_dialect(std::get<TectonSettings>(settings));
}

// The variant's order is another one: destination_type() names each row.
constexpr std::array<DestinationType, 2> types{{
    {.name = "milvus",
     .make = milvus,
     .batch_size = 1000,
     .batch_size_limit = std::nullopt,
     .batch_bytes = 2 * mib,
     .linger = milliseconds(100),
     .concurrency_max = 8,
     .can_delete = true},
    {.name = "tecton",
     .make = tecton,
     .batch_size = 10,
     .batch_size_limit = 10,
     .batch_bytes = mib,
     .linger = milliseconds(50),
     .concurrency_max = 256,
     .can_delete = false},
}};

}  // namespace

std::span<DestinationType const> destination_types() noexcept {
    return types;
}

DestinationType const* find_destination_type(std::string_view name) noexcept {
    auto const found = std::ranges::find(types, name, &DestinationType::name);
    return found == types.end() ? nullptr : &*found;
}

DestinationType const& destination_type(DestinationSettings const& settings) noexcept {
    return std::holds_alternative<MilvusSettings>(settings) ? types[0] : types[1];
}

RequestSettings const& request_settings(DestinationSettings const& settings) noexcept {
    return std::visit([](auto const& one) -> RequestSettings const& { return one.requests; },
                      settings);
}

std::unique_ptr<HttpSink> make_sink(DestinationSettings const& settings,
                                    boost::asio::any_io_executor executor, Clock const& clock) {
    RequestSettings const& requests = request_settings(settings);
    return std::make_unique<HttpSink>(destination_type(settings).make(settings), executor,
                                      HttpSinkSettings{.client = requests.client,
                                                       .idle_bytes_max = requests.body_bytes_max,
                                                       .compression = requests.compression},
                                      clock);
}

}  // namespace headrace::sinks
