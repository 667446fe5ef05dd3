// What a configuration that has been accepted says: every value is there, typed, in range and fits
// the others. Made by load, shown by print; daemon.cpp hands its parts to the layers below and
// keeps nothing else of the file. Thread safety: plain values; the secrets inside may be asked from
// any thread.
#pragma once

#include "base/clock.hpp"
#include "config/file_secret.hpp"
#include "kafka/settings.hpp"
#include "ops/settings.hpp"
#include "sinks/settings.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace headrace::config {

/// What is never in two requests in flight at once.
enum class Order : std::uint8_t {
    key,        ///< Records of one key.
    partition,  ///< Records of one partition.
    none,       ///< Nothing: the destination orders by itself.
};

/// What becomes of a batch after its quick retries.
enum class AfterRetries : std::uint8_t {
    block,        ///< It is kept and tried on.
    dead_letter,  ///< Its records go to the dead-letter topic.
};

struct Batch {
    std::size_t batch_size = 0;  ///< Tecton: of each stream source in a request.
    std::size_t bytes = 0;
    Duration linger{};

    [[nodiscard]] bool operator==(Batch const&) const = default;
};

struct Retry {
    unsigned max_retries = 0;
    Duration initial{};
    Duration max{};
    AfterRetries then = AfterRetries::block;
    Duration probe{};
    Duration blocked_probe{};
    unsigned suspect_after = 0;  ///< 0: off.
    Duration suspect_time{};
    std::uint32_t budget_percent = 0;

    [[nodiscard]] bool operator==(Retry const&) const = default;
};

struct Concurrency {
    bool is_auto = true;    ///< false: the limit stays at `max`.
    std::uint32_t max = 0;  ///< http.concurrency when that is a number, else http.concurrency_max.

    [[nodiscard]] bool operator==(Concurrency const&) const = default;
};

/// What may be sent in a second. 0: no limit.
struct RateLimit {
    std::uint64_t requests_per_sec = 0;
    std::uint64_t records_per_sec = 0;
    std::uint64_t bytes_per_sec = 0;

    [[nodiscard]] bool is_on() const noexcept {
        return requests_per_sec != 0 || records_per_sec != 0 || bytes_per_sec != 0;
    }
    [[nodiscard]] bool operator==(RateLimit const&) const = default;
};

/// What flow must be told of a route.
struct Flow {
    Order order = Order::key;
    Duration commit_interval{};
    Duration revoke_drain{};
    Batch batch;
    Retry retry;
    Concurrency concurrency;
    RateLimit rate_limit;
    std::uint32_t refusals_in_a_row_max = 0;  ///< 0: off.
    std::size_t memory_bytes = 0;             ///< The route's share.

    [[nodiscard]] bool operator==(Flow const&) const = default;
};

using Destination = std::variant<sinks::TectonSettings, sinks::MilvusSettings>;
using FileSecrets = std::vector<std::shared_ptr<FileSecret>>;

struct Route {
    std::string name;
    kafka::SourceSettings source;
    std::optional<kafka::DeadLetterSettings> dead_letters;  ///< `version` is the daemon's to fill.
    Destination destination;
    Flow flow;
    FileSecrets file_secrets;  ///< Secrets that follow their files: poll each now and then.

    /// "tecton" or "milvus".
    [[nodiscard]] std::string_view destination_type() const noexcept {
        return std::holds_alternative<sinks::TectonSettings>(destination) ? "tecton" : "milvus";
    }
    [[nodiscard]] sinks::RequestSettings const& requests() const noexcept {
        return std::visit(
            [](auto const& settings) -> auto const& { return settings.requests; }, destination);
    }
};

struct Limits {
    std::size_t memory_bytes = 0;  ///< Of all routes together.
    Duration drain{};
    std::optional<unsigned> workers;          ///< Nothing: auto, see workers_auto().
    std::size_t uncommitted_records_max = 0;  ///< Of each partition.
};

struct Config {
    std::string
        bootstrap_servers;  ///< kafka.bootstrap_servers; empty when every route has its own.
    std::map<std::string, std::string> properties;  ///< kafka.properties.
    ops::AdminSettings admin;
    ops::ControlSettings control;
    ops::LogSettings log;
    Limits limits;
    std::vector<Route> routes;  ///< At least one; names are unique.

    /// Values from files that are read once: when poll() tells of a change, a reload puts it into
    /// effect.
    FileSecrets fixed_files;
};

/// The share of a route's memory that librdkafka's queues may fill.
inline constexpr std::size_t prefetch_share = 4;

}  // namespace headrace::config
