// The list of destinations: one row each, with its name in the configuration, its defaults and its
// maker. A new destination is one pair of files and one row here. Used by config (names and
// defaults) and by the composition (makers). Thread safety: constant data and free functions, any
// thread.
#pragma once

#include "base/clock.hpp"
#include "base/size.hpp"
#include "sinks/dialect.hpp"
#include "sinks/http_sink.hpp"
#include "sinks/settings.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

namespace headrace::sinks {

/// One destination's settings; the alternative says which destination.
using DestinationSettings = std::variant<TectonSettings, MilvusSettings>;

struct DestinationType {
    std::string_view name;  ///< `destination.type`, and the `destination` label of metrics.
    std::unique_ptr<Dialect> (*make)(DestinationSettings const& settings);
    std::size_t batch_size;  ///< Default of `batch.batch_size`: records, per target.
    std::optional<std::size_t> batch_size_limit;  ///< More only with `batch.allow_larger_batches`.
    std::uint64_t batch_bytes;                    ///< Default of `batch.bytes`.
    Duration linger;                              ///< Default of `batch.linger_ms`.
    std::size_t concurrency_max;                  ///< Default of `http.concurrency_max`.
    bool can_delete;  ///< Whether `record.on_tombstone: delete` is possible.
};

/// All of them, in alphabetical order.
[[nodiscard]] std::span<DestinationType const> destination_types() noexcept;

/// The row of that name, or null.
[[nodiscard]] DestinationType const* find_destination_type(std::string_view name) noexcept;

/// The row that the settings belong to.
[[nodiscard]] DestinationType const& destination_type(DestinationSettings const& settings) noexcept;

/// What every destination says about its requests.
[[nodiscard]] RequestSettings const& request_settings(DestinationSettings const& settings) noexcept;

/// Makes the sink of one worker: the destination's dialect over an HTTP client on `executor`. The
/// clock outlives it.
[[nodiscard]] std::unique_ptr<HttpSink> make_sink(DestinationSettings const& settings,
                                                  boost::asio::any_io_executor executor,
                                                  Clock const& clock);

}  // namespace headrace::sinks
