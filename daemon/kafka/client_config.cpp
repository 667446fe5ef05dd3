#include "kafka/client_config.hpp"

#include "kafka/log_sink.hpp"

#include <algorithm>
#include <array>

namespace headrace::kafka {
namespace {

Result<void> apply(rd_kafka_conf_t* conf, std::string const& name, std::string const& value) {
    std::array<char, 512> text{};
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text.data(), text.size()) ==
        RD_KAFKA_CONF_OK) {
        return {};
    }
    std::string const detail = is_secret_property(name) ? "its value is refused" : text.data();
    return Error{ErrorCode::invalid_config, "kafka property " + name + ": " + detail};
}

Assignments shared_defaults(std::string const& client) {
    return {
        {"client.id", client},
        {"client.software.name", "headrace"},
        {"socket.keepalive.enable", "true"},
        {"reconnect.backoff.max.ms", "5000"},
        // New partitions, and new topics that match a pattern, are noticed this soon.
        {"topic.metadata.refresh.interval.ms", "30000"},
    };
}

Assignments consumer_defaults(FetchPlan const& plan) {
    auto defaults = shared_defaults("headrace");
    Assignments const own{
        {"partition.assignment.strategy", "cooperative-sticky"},
        {"isolation.level", "read_committed"},
        // The default of one second starves a small queue: 47,000 instead of 350,000 records/s were
        // measured.
        {"fetch.queue.backoff.ms", "10"},
        {"fetch.wait.max.ms", "100"},
        {"fetch.message.max.bytes", std::to_string(plan.partition_fetch_bytes)},
        {"message.max.bytes",
         std::to_string(std::min<std::size_t>(plan.response_bytes, 1'000'000))},
        {"fetch.max.bytes", std::to_string(plan.response_bytes)},
        {"queued.max.messages.kbytes", std::to_string(plan.queue_kbytes)},
        {"queued.min.messages", std::to_string(plan.queue_records)},
    };
    defaults.insert(defaults.end(), own.begin(), own.end());
    return defaults;
}

}  // namespace

Result<Handle<rd_kafka_conf_t>> make_conf(ClientLayers const& layers) {
    Handle<rd_kafka_conf_t> conf{rd_kafka_conf_new()};
    bool const new_protocol =
        layers.user->contains("group.protocol") && layers.user->at("group.protocol") == "consumer";
    for (auto const& [name, value] : layers.defaults) {
        // With the protocol of KIP-848 the broker assigns, and librdkafka refuses a strategy of the
        // client's.
        if (new_protocol && name == "partition.assignment.strategy") continue;
        if (auto done = apply(conf.get(), name, value); !done) return done.error();
    }
    for (auto const& [name, value] : *layers.user) {
        if (auto done = apply(conf.get(), name, value); !done) return done.error();
    }
    for (auto const& [name, value] : layers.rules) {
        if (auto done = apply(conf.get(), name, value); !done) return done.error();
    }
    return conf;
}

Result<Handle<rd_kafka_conf_t>> consumer_conf(SourceSettings const& settings,
                                              FetchPlan const& plan) {
    Assignments rules{
        {"bootstrap.servers", settings.bootstrap_servers},
        {"group.id", settings.group},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        // Every partition is assigned with an offset of ours, so that this serves offsets out of
        // range only.
        {"auto.offset.reset", "earliest"},
        // librdkafka 2.8 moves its own position past an end-of-partition mark that is read in bulk,
        // and a rebalance then goes on one record too far.
        {"enable.partition.eof", "false"},
        {"log.queue", "true"},
    };
    if (!settings.instance_id.empty()) {
        rules.emplace_back("group.instance.id", settings.instance_id);
    }
    auto conf = make_conf(
        {.defaults = consumer_defaults(plan), .user = &settings.properties, .rules = rules});
    if (conf) {
        rd_kafka_conf_set_events(conf->get(), RD_KAFKA_EVENT_REBALANCE |
                                                  RD_KAFKA_EVENT_OFFSET_COMMIT |
                                                  RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG);
    }
    return conf;
}

Result<Handle<rd_kafka_conf_t>> dead_letter_conf(DeadLetterSettings const& settings) {
    auto defaults = shared_defaults("headrace-dead-letters");
    Assignments const own{
        {"message.timeout.ms", "30000"},
        {"topic.metadata.propagation.max.ms", "5000"},
        {"linger.ms", "5"},
        // A batch that passes the topic's max.message.bytes fails as a whole: far below any
        // sensible limit, and what is larger goes alone.
        {"batch.size", "16384"},
        {"queue.buffering.max.messages", "10000"},
        {"queue.buffering.max.kbytes", "16384"},
        // The topic's own limit decides, not the client's guess of it.
        {"message.max.bytes", "104857600"},
    };
    defaults.insert(defaults.end(), own.begin(), own.end());
    Assignments const rules{
        {"bootstrap.servers", settings.bootstrap_servers},
        {"enable.idempotence", "true"},
        {"acks", "all"},
        {"delivery.report.only.error", "false"},
        {"log.queue", "true"},
    };
    auto conf = make_conf({.defaults = defaults, .user = &settings.properties, .rules = rules});
    if (conf) {
        rd_kafka_conf_set_events(conf->get(),
                                 RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG);
    }
    return conf;
}

Result<Handle<rd_kafka_conf_t>> inquiry_conf(SourceSettings const& settings) {
    Assignments const rules{
        {"bootstrap.servers", settings.bootstrap_servers},
        {"group.id", settings.group.empty() ? "headrace-inquiry" : settings.group},
        {"enable.auto.commit", "false"},
        {"allow.auto.create.topics", "false"},
        {"log.queue", "true"},
    };
    auto conf = make_conf({.defaults = shared_defaults("headrace-inquiry"),
                           .user = &settings.properties,
                           .rules = rules});
    if (conf) rd_kafka_conf_set_events(conf->get(), RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG);
    return conf;
}

Result<Handle<rd_kafka_t>> make_client(rd_kafka_type_t type, Handle<rd_kafka_conf_t> conf) {
    std::array<char, 64> mechanism{};
    auto size = mechanism.size();
    bool const oauth = rd_kafka_conf_get(conf.get(), "sasl.mechanisms", mechanism.data(), &size) ==
                           RD_KAFKA_CONF_OK &&
                       std::string_view{mechanism.data()} == "OAUTHBEARER";
    if (oauth) rd_kafka_conf_enable_sasl_queue(conf.get(), 1);
    // What no queue takes, while a client is made or goes, would else be printed to stderr.
    rd_kafka_conf_set_log_cb(conf.get(), [](rd_kafka_t const*, int, char const*, char const*) {});
    std::array<char, 512> text{};
    Handle<rd_kafka_t> client{rd_kafka_new(type, conf.get(), text.data(), text.size())};
    if (client == nullptr) {
        return Error{ErrorCode::invalid_config,
                     "kafka.properties do not make a client: " + std::string(text.data())};
    }
    std::ignore = conf.release();  // librdkafka owns it now.
    if (oauth) {
        auto enabled = to_result(
            Handle<rd_kafka_error_t>{rd_kafka_sasl_background_callbacks_enable(client.get())},
            "OAUTHBEARER tokens cannot be refreshed");
        if (!enabled) return enabled.error();
    }
    return client;
}

}  // namespace headrace::kafka
