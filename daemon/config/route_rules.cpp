#include "base/size.hpp"
#include "config/build.hpp"
#include "kafka/topic_pattern.hpp"

#include <algorithm>
#include <map>
#include <string>

namespace headrace::config {
namespace {

/// Below this librdkafka's smallest queues and one batch do not fit together.
constexpr std::size_t share_bytes_min = 2 * mib;
constexpr std::size_t batches_min = 4;

std::string route_path(std::size_t index, std::string_view key) {
    return "routes[" + std::to_string(index) + "]." + std::string(key);
}

void report(BuildContext const& context, std::string const& path, std::string message) {
    context.diagnostics.add(context.values.place(path), path, std::move(message));
}

void check_share(BuildContext const& context, Route const& route, std::size_t index, bool is_own) {
    auto const needed =
        std::max<std::size_t>(share_bytes_min, batches_min * route.flow.batch.bytes);
    if (route.flow.memory_bytes >= needed) return;
    auto const path = route_path(index, "limits.memory");
    report(context, path,
           (is_own ? "is " : "the route's share of limits.memory is ") +
               format_size(route.flow.memory_bytes) + ", but must be at least " +
               format_size(needed) + ", the larger of 2MiB and 4 times batch.bytes (" +
               format_size(route.flow.batch.bytes) + "): raise " +
               (is_own ? "it" : "limits.memory") + " or lower batch.bytes");
}

/// Whether two routes may read one topic. Two different patterns cannot be compared: taken as
/// overlapping.
bool may_overlap(std::vector<std::string> const& left, std::vector<std::string> const& right) {
    if (left.empty() || right.empty()) return false;
    if (kafka::is_pattern(left) && kafka::is_pattern(right)) return true;
    return kafka::is_pattern(right) ? !kafka::matching(right, left).empty()
                                    : !kafka::matching(left, right).empty();
}

void check_pair(BuildContext const& context, Config const& config, std::size_t first,
                std::size_t second) {
    auto const& one = config.routes[first];
    auto const& other = config.routes[second];
    if (!one.name.empty() && one.name == other.name) {
        report(context, route_path(second, "name"),
               "is the name of routes[" + std::to_string(first) + "] too: names must be unique");
    }
    bool const is_one_group = !one.name.empty() && !other.name.empty() &&
                              one.source.group == other.source.group &&
                              one.source.bootstrap_servers == other.source.bootstrap_servers;
    if (!is_one_group) return;
    if (may_overlap(one.source.topics, other.source.topics)) {
        report(context, route_path(second, "source.group"),
               "is the group of routes[" + std::to_string(first) +
                   "] too, and their topics overlap: each would get only a part of the records; "
                   "give each route its own group");
    }
    if (!one.source.instance_id.empty() && one.source.instance_id == other.source.instance_id) {
        report(context, route_path(second, "source.instance_id"),
               "is the instance_id of routes[" + std::to_string(first) +
                   "] too, in the same group: they would fence each other");
    }
}

}  // namespace

void share_memory(BuildContext const& context, Config& config) {
    std::size_t own = 0;
    std::size_t sharing = 0;
    for (std::size_t i = 0; i < config.routes.size(); ++i) {
        auto const* const value = context.values.find(route_path(i, "limits.memory"));
        auto& memory = config.routes[i].flow.memory_bytes;
        memory = value == nullptr ? 0 : static_cast<std::size_t>(*value->number);
        own += memory;
        sharing += context.values.is_set(route_path(i, "limits.memory")) ? 0U : 1U;
    }
    auto const total = config.limits.memory_bytes;
    if (own > total) {
        report(context, "limits.memory",
               "is " + format_size(total) + ", but the routes' own limits.memory come to " +
                   format_size(own));
    }
    auto const left = total - std::min(own, total);
    for (std::size_t i = 0; i < config.routes.size(); ++i) {
        auto& route = config.routes[i];
        bool const is_own = context.values.is_set(route_path(i, "limits.memory"));
        if (!is_own) route.flow.memory_bytes = left / std::max<std::size_t>(sharing, 1);
        bool const is_known = !is_own || route.flow.memory_bytes > 0;
        if (is_known && own <= total) check_share(context, route, i, is_own);
        route.source.prefetch_bytes = route.flow.memory_bytes / prefetch_share;
    }
}

void check_routes_together(BuildContext const& context, Config const& config) {
    for (std::size_t second = 1; second < config.routes.size(); ++second) {
        for (std::size_t first = 0; first < second; ++first)
            check_pair(context, config, first, second);
    }
}

}  // namespace headrace::config
