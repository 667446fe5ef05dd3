// What a test against doubles alone needs: librdkafka's mock cluster with three topics, the doubles
// of Tecton and Milvus, and configurations that join them. Needs no java. Thread safety: one
// thread.
#pragma once

#include "harness/emulators.hpp"
#include "harness/feed.hpp"
#include "harness/kafka_observer.hpp"
#include "harness/running_daemon.hpp"
#include "kafka/mock_cluster.hpp"

#include <memory>
#include <string>
#include <vector>

namespace headrace::integration {

/// Sections of a route's configuration as YAML in one line; what is empty is left out.
struct RouteText {
    std::string source = "{topics: [clicks]}";
    std::string api_key = "demo-key";
    std::string workspace_name = "prod";
    std::string stream_source_name = "clicks";
    std::string record{};
    std::string batch{};
    std::string http{};
    std::string rate_limit{};
    /// Everything quick, so that no test waits for the pace of operation.
    std::string retry = "{initial_ms: 20, max_ms: 200, probe_ms: 50, blocked_probe_ms: 100}";
    std::string dead_letters = "{topic: dead-letters}";
    std::string limits = "{drain_secs: 20, workers: 2}";  ///< The daemon's.
    std::string control{};                                ///< The daemon's control.socket.
};

class MockScene {
  public:
    static constexpr int partitions = 4;

    explicit MockScene(Emulators::Settings settings = {}, int brokers = 1);

    /// The route `clicks`, to Tecton.
    [[nodiscard]] std::string tecton_config(RouteText const& text = {}) const;
    /// The route `docs`, from the topic `docs` to the collection of that name.
    [[nodiscard]] std::string milvus_config(RouteText const& text = {}) const;

    /// Writes the clicks with these ids, each with a key of its own.
    void feed_clicks(std::int64_t first, std::int64_t count);
    void feed_documents(std::int64_t first, std::int64_t count);
    /// Writes one record and waits until the cluster has it.
    void feed_one(FedRecord const& record);

    /// Whether the route's group has committed the ends of its topic.
    [[nodiscard]] bool is_through(std::string const& topic = "clicks");
    /// The sum of what the route's group has committed.
    [[nodiscard]] std::int64_t committed(std::string const& topic = "clicks");
    [[nodiscard]] std::vector<SeenRecord> dead_letters();
    /// Clicks that Tecton has taken, each counted as often as it was written.
    [[nodiscard]] std::uint64_t clicks_written();

    /// Fails the test, with the daemon's story, if the condition does not come true.
    void until(RunningDaemon& daemon, char const* what, std::function<bool()> const& condition,
               Duration limit = patience);
    void until_through(RunningDaemon& daemon, std::string const& topic = "clicks");

    /// A path for a control socket in the scene's folder.
    [[nodiscard]] std::string socket_path() const {
        return (folder.path() / "control.sock").string();
    }
    /// Runs `headrace route ACTION ROUTE` against that socket.
    [[nodiscard]] Ended route(std::string const& action,
                              std::string const& route = "clicks") const {
        return run_binary(folder, {"route", action, route, "--control", socket_path()});
    }

    TemporaryFolder folder;
    std::unique_ptr<kafka::MockCluster> cluster;
    KafkaObserver observer;
    Feed feed;
    Emulators emulators;
};

}  // namespace headrace::integration
