#include "kafka/properties.hpp"

#include "kafka/log_sink.hpp"
#include "kafka/rdkafka_handles.hpp"

#include <algorithm>
#include <array>

namespace headrace::kafka {
namespace {

constexpr std::string_view own_commits = "Headrace commits only what is settled";
constexpr std::string_view own_records =
    "dead letters must be acknowledged by all in-sync replicas, once and in order";
constexpr std::string_view own_events = "Headrace serves librdkafka's events itself";

constexpr std::array refused{
    RefusedProperty{"bootstrap.servers", "use kafka.bootstrap_servers"},
    RefusedProperty{"metadata.broker.list", "use kafka.bootstrap_servers"},
    RefusedProperty{"group.id", "use source.group"},
    RefusedProperty{"auto.offset.reset",
                    "use source.start; an offset out of range goes to the earliest there is"},
    RefusedProperty{"enable.auto.commit", own_commits},
    RefusedProperty{"auto.commit.enable", own_commits},
    RefusedProperty{"auto.commit.interval.ms", own_commits},
    RefusedProperty{"enable.auto.offset.store", own_commits},
    RefusedProperty{"enable.partition.eof", own_events},
    RefusedProperty{"log.queue", own_events},
    RefusedProperty{"enabled_events", own_events},
    RefusedProperty{"acks", own_records},
    RefusedProperty{"request.required.acks", own_records},
    RefusedProperty{"enable.idempotence", own_records},
    RefusedProperty{"delivery.report.only.error", own_records},
    RefusedProperty{"queuing.strategy", own_records},
    RefusedProperty{"retries", own_records},
    RefusedProperty{"message.send.max.retries", own_records},
    RefusedProperty{"max.in.flight", own_records},
    RefusedProperty{"max.in.flight.requests.per.connection", own_records},
    RefusedProperty{"transactional.id", own_records},
};

Error fault(std::string_view name, std::string_view what) {
    return Error{ErrorCode::invalid_config,
                 "kafka property " + std::string(name) + ": " + std::string(what)};
}

Result<void> set(rd_kafka_conf_t* conf, std::string const& name, std::string const& value) {
    std::array<char, 512> text{};
    auto const code =
        rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text.data(), text.size());
    if (code == RD_KAFKA_CONF_OK) return {};
    if (code == RD_KAFKA_CONF_UNKNOWN) return fault(name, "librdkafka does not know it");
    if (is_secret_property(name)) return fault(name, "librdkafka refuses its value");
    return fault(name, text.data());
}

}  // namespace

std::span<RefusedProperty const> refused_properties() noexcept {
    return refused;
}

Result<void> check_property(std::string const& name, std::string const& value) {
    auto const* const found = std::find_if(refused.begin(), refused.end(),
                                           [&](auto const& entry) { return entry.name == name; });
    if (found != refused.end()) return fault(name, "may not be set: " + std::string(found->reason));
    if (value.find('\0') != std::string::npos || name.find('\0') != std::string::npos) {
        return fault(name, "contains a zero byte");
    }
    Handle<rd_kafka_conf_t> const conf{rd_kafka_conf_new()};
    return set(conf.get(), name, value);
}

Result<void> check_properties(std::map<std::string, std::string> const& properties) {
    for (auto const& [name, value] : properties) {
        if (auto checked = check_property(name, value); !checked) return checked;
    }
    return {};
}

}  // namespace headrace::kafka
