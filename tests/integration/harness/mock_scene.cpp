#include "harness/mock_scene.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace headrace::integration {
namespace {

std::unique_ptr<kafka::MockCluster> make_cluster(int brokers) {
    auto made = kafka::MockCluster::make(brokers);
    if (!made) throw std::runtime_error(made.error().message);
    for (auto const& [topic, partitions] :
         std::map<std::string, int>{{"clicks", MockScene::partitions},
                                    {"docs", MockScene::partitions},
                                    {"dead-letters", 1}}) {
        if (auto const created = (*made)->create_topic(topic, partitions); !created)
            throw std::runtime_error(created.error().message);
    }
    return std::move(*made);
}

std::string section(std::string const& name, std::string const& text) {
    return text.empty() ? "" : "    " + name + ": " + text + "\n";
}

std::string config(std::string const& bootstrap, RouteText const& text, std::string const& route) {
    // The mock cluster makes whoever comes after the last member left wait for the session timeout.
    return "kafka: {bootstrap_servers: \"" + bootstrap +
           "\", properties: {session.timeout.ms: 4000, heartbeat.interval.ms: 200}}\nadmin: "
           "{listen: 127.0.0.1:0}\nlog: {level: debug}\nlimits: " +
           text.limits + (text.control.empty() ? "" : "\ncontrol: {socket: " + text.control + "}") +
           "\nroutes:\n" + route + section("source", text.source) + section("record", text.record) +
           section("batch", text.batch) + section("http", text.http) +
           section("rate_limit", text.rate_limit) + section("retry", text.retry) +
           section("dead_letters", text.dead_letters);
}

}  // namespace

MockScene::MockScene(Emulators::Settings settings, int brokers)
    : cluster(make_cluster(brokers)),
      observer(cluster->bootstrap()),
      feed(cluster->bootstrap()),
      emulators(std::move(settings)) {}

std::string MockScene::tecton_config(RouteText const& text) const {
    return config(cluster->bootstrap(), text,
                  "  - name: clicks\n    destination: {type: tecton, url: \"" +
                      emulators.tecton_url() + "\", api_key: \"" + text.api_key +
                      "\", workspace_name: " + text.workspace_name +
                      ", stream_source_name: " + text.stream_source_name + "}\n");
}

std::string MockScene::milvus_config(RouteText const& text) const {
    auto copy = text;
    if (copy.source == RouteText{}.source) copy.source = "{topics: [docs]}";
    return config(cluster->bootstrap(), copy,
                  "  - name: docs\n    destination: {type: milvus, url: \"" +
                      emulators.milvus_url() + "\", collection: docs}\n");
}

void MockScene::feed_clicks(std::int64_t first, std::int64_t count) {
    feed.write_many(first, count, [](std::int64_t id) {
        return FedRecord{
            .topic = "clicks", .key = "user-" + std::to_string(id), .value = click(id)};
    });
    feed.flush();
}

void MockScene::feed_documents(std::int64_t first, std::int64_t count) {
    feed.write_many(first, count, [](std::int64_t id) {
        return FedRecord{.topic = "docs", .key = std::to_string(id), .value = document(id)};
    });
    feed.flush();
}

void MockScene::feed_one(FedRecord const& record) {
    feed.write(record);
    feed.flush();
}

bool MockScene::is_through(std::string const& topic) {
    auto committed_now = observer.committed("headrace-" + topic, topic, partitions);
    // Nothing is committed where nothing is.
    for (auto& offset : committed_now) {
        offset = std::max<std::int64_t>(offset, 0);
    }
    return committed_now == observer.ends(topic, partitions);
}

std::int64_t MockScene::committed(std::string const& topic) {
    auto const offsets = observer.committed("headrace-" + topic, topic, partitions);
    return std::accumulate(offsets.begin(), offsets.end(), std::int64_t{0},
                           [](std::int64_t sum, std::int64_t offset) {
                               return sum + std::max<std::int64_t>(offset, 0);
                           });
}

std::vector<SeenRecord> MockScene::dead_letters() {
    return observer.records("dead-letters", 1);
}

std::uint64_t MockScene::clicks_written() {
    return emulators.tecton_stats().records_written;
}

void MockScene::until(RunningDaemon& daemon, char const* what,
                      std::function<bool()> const& condition, Duration limit) {
    INFO("waiting until " << what);
    if (!await(condition, limit)) FAIL(daemon.story());
}

void MockScene::until_through(RunningDaemon& daemon, std::string const& topic) {
    until(daemon, "everything is committed", [&] { return is_through(topic); });
}

}  // namespace headrace::integration
