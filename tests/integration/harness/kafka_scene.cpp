#include "harness/kafka_scene.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <charconv>

namespace headrace::integration {
namespace {

constexpr Duration through_limit = 3 * patience;
/// Prime, so that one poison record in 500 does not always meet the same keys: those would come
/// last, one after the other, and look like a route that refuses everything.
constexpr std::int64_t users = 4999;
constexpr std::size_t missing_shown_max = 100'000;
constexpr std::string_view id_field = R"("event_id":)";

struct SharedKafka {
    SharedKafka() { proxy.forward_to(broker.proxied_port()); }
    FaultProxy proxy;
    // Members that stop are to be missed soon.
    KafkaBroker broker{
        {.proxy_port = proxy.port(), .properties = {"group.min.session.timeout.ms=1000"}}};
};

SharedKafka& shared() {
    static SharedKafka kafka;
    return kafka;
}

emulator::TectonSettings counting_tecton() {
    auto settings = emulator::default_tecton_settings();
    settings.switches.store = emulator::StoreForm::ids;
    return settings;
}

std::string section(std::string const& name, std::string const& text) {
    return text.empty() ? "" : "    " + name + ": " + text + "\n";
}

std::int64_t id_of(SeenRecord const& letter) {
    auto const& value = letter.value.value();
    auto const at = value.find(id_field);
    REQUIRE(at != std::string::npos);
    std::int64_t id = -1;
    std::from_chars(value.data() + at + id_field.size(), value.data() + value.size(), id);
    return id;
}

}  // namespace

KafkaBroker& KafkaScene::broker() {
    return shared().broker;
}

FaultProxy& KafkaScene::kafka_proxy() {
    return shared().proxy;
}

std::string KafkaScene::proxied_bootstrap() {
    return "127.0.0.1:" + std::to_string(shared().proxy.port());
}

std::string KafkaScene::url_by(FaultProxy const& proxy) {
    return "http://127.0.0.1:" + std::to_string(proxy.port()) + "/ingest";
}

KafkaScene::KafkaScene(std::string name)
    : topic(name + "-events"),
      dead_letter_topic(name + "-dead-letters"),
      group(name + "-group"),
      observer(shared().broker.bootstrap()),
      emulators({.tecton = counting_tecton()}),
      name_(std::move(name)),
      feed_(shared().broker.bootstrap()) {
    observer.create_topic(topic, partitions);
}

void KafkaScene::create_dead_letter_topic() {
    observer.create_topic(dead_letter_topic, 1);
}

std::string KafkaScene::config(CampaignText const& text) const {
    auto const bootstrap = text.bootstrap.empty() ? broker().bootstrap() : text.bootstrap;
    auto const url = text.url.empty() ? emulators.tecton_url() : text.url;
    return "kafka: {bootstrap_servers: \"" + bootstrap + "\", properties: {" + text.properties +
           "}}\nadmin: {listen: 127.0.0.1:0}\nlimits: " + text.limits +
           "\nroutes:\n  - name: events\n    source: {topics: [" + topic + "], group: " + group +
           text.source + "}\n    destination: {type: tecton, url: \"" + url +
           "\", api_key: demo-key, workspace_name: prod, stream_source_name: clicks}\n" +
           section("http", text.http) + section("retry", text.retry) +
           section("dead_letters", "{topic: " + dead_letter_topic + "}");
}

void KafkaScene::feed(std::int64_t first, std::int64_t count,
                      std::set<std::int64_t> const& poison) {
    feed_.write_many(first, count, [&](std::int64_t id) {
        return FedRecord{.topic = topic,
                         .key = "user-" + std::to_string(id % users),
                         .value = poison.contains(id) ? poisonous_click(id) : click(id)};
    });
    feed_.flush();
}

std::string KafkaScene::poisonous_click(std::int64_t id) {
    auto text = click(id);
    constexpr std::string_view good = R"("clicked":1)";
    return text.replace(text.find(good), good.size(), R"("clicked":"yes")");
}

void KafkaScene::until(RunningDaemon& daemon, char const* what,
                       std::function<bool()> const& condition, Duration limit) {
    INFO("waiting until " << what);
    if (!await(condition, limit)) FAIL(daemon.story());
}

void KafkaScene::until_through(RunningDaemon& daemon) {
    until(
        daemon, "everything is committed", [&] { return is_through(); }, through_limit);
}

void KafkaScene::until_written(RunningDaemon& daemon, std::int64_t more) {
    until_written_in_all(daemon, written() + more);
}

void KafkaScene::until_written_in_all(RunningDaemon& daemon, std::int64_t sum) {
    until(daemon, "more is written", [&] { return written() >= sum; });
}

bool KafkaScene::is_through() {
    return committed() == observer.ends(topic, partitions);
}

std::vector<std::int64_t> KafkaScene::committed() {
    return observer.committed(group, topic, partitions);
}

std::int64_t KafkaScene::committed_sum() {
    std::int64_t sum = 0;
    for (auto const offset : committed()) {
        sum += std::max<std::int64_t>(offset, 0);
    }
    return sum;
}

std::int64_t KafkaScene::written() {
    return static_cast<std::int64_t>(emulators.tecton_stats().records_written);
}

std::int64_t KafkaScene::check_nothing_lost(std::int64_t total,
                                            std::set<std::int64_t> const& poison) {
    auto const missing = emulators.tecton([&](auto& logic) {
        auto const found = logic.store().sources().find("clicks");
        REQUIRE(found != logic.store().sources().end());
        return found->second.ids.missing(total, missing_shown_max).first;
    });
    std::set<std::int64_t> buried;
    if (!poison.empty()) {
        for (auto const& letter : observer.records(dead_letter_topic, 1)) {
            buried.insert(id_of(letter));
        }
    }
    CHECK(std::set<std::int64_t>(missing.begin(), missing.end()) == poison);
    CHECK(buried == poison);
    CHECK(is_through());
    auto const again = static_cast<std::int64_t>(emulators.tecton_duplicates("clicks"));
    figure(name_ + ".written_twice", static_cast<double>(again),
           "of_" + std::to_string(total) + "_records");
    return again;
}

void check_settled(RunningDaemon& daemon) {
    CHECK(await([&] { return daemon.metric("headrace_consumer_lag_records") == 0; }));
    CHECK(daemon.metric("headrace_records_in_flight") == 0);
    CHECK(daemon.metric("headrace_records_unaccounted") == 0);
    CHECK(await([&] { return daemon.is_ready(); }));
}

emulator::FaultRule twenty_ms_each() {
    emulator::FaultRule rule;
    rule.fault.kind = emulator::FaultKind::latency;
    rule.fault.p50_ms = 20;
    return rule;
}

}  // namespace headrace::integration
