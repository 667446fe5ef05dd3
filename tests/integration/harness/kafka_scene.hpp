// What a test of the fault campaign needs: one real Kafka for the whole program, with a fault proxy
// beside it; a topic, a dead-letter topic and a group of the test's own; the double of Tecton; and
// the oracle, which judges by record ids after a phase without faults. Thread safety: one thread.
#pragma once

#include "harness/emulators.hpp"
#include "harness/fault_proxy.hpp"
#include "harness/feed.hpp"
#include "harness/figures.hpp"
#include "harness/kafka_broker.hpp"
#include "harness/kafka_observer.hpp"
#include "harness/running_daemon.hpp"

#include <set>
#include <string>
#include <vector>

namespace headrace::integration {

/// What a route's configuration says beyond the scene's own; what is empty is left out.
struct CampaignText {
    std::string bootstrap{};  ///< Empty: the broker itself, not its proxy.
    /// librdkafka's. Sessions are short, so that a member that is gone is missed within the test.
    std::string properties = "session.timeout.ms: 6000, heartbeat.interval.ms: 500";
    std::string source{};  ///< More of the section, with a comma before it.
    std::string url{};     ///< Empty: the double itself.
    std::string http = "{concurrency: 8}";
    /// Everything quick, so that no test waits for the pace of operation.
    std::string retry = "{initial_ms: 20, max_ms: 200, probe_ms: 50, blocked_probe_ms: 200}";
    std::string limits = "{drain_secs: 20, workers: 2}";
};

class KafkaScene {
  public:
    static constexpr int partitions = 8;

    /// `name` begins the topics' and the group's names: no two tests of a program share one.
    explicit KafkaScene(std::string name);

    [[nodiscard]] static KafkaBroker& broker();
    /// Between the broker and who uses proxied_bootstrap().
    [[nodiscard]] static FaultProxy& kafka_proxy();
    [[nodiscard]] static std::string proxied_bootstrap();
    /// Where the double of Tecton is reached through a proxy in front of it.
    [[nodiscard]] static std::string url_by(FaultProxy const& proxy);

    [[nodiscard]] std::string config(CampaignText const& text = {}) const;
    void create_dead_letter_topic();

    /// Writes the clicks with these ids; those in `poison` are refused by Tecton.
    void feed(std::int64_t first, std::int64_t count, std::set<std::int64_t> const& poison = {});
    [[nodiscard]] static std::string poisonous_click(std::int64_t id);

    /// Fails the test, with the daemon's story, if the condition does not come true.
    void until(RunningDaemon& daemon, char const* what, std::function<bool()> const& condition,
               Duration limit = patience);
    /// Until the group has committed the topic's ends.
    void until_through(RunningDaemon& daemon);
    /// Until so many records more than now are written. REQUIRES: far more than that are there.
    void until_written(RunningDaemon& daemon, std::int64_t more);
    /// Until so many were written since the test began.
    void until_written_in_all(RunningDaemon& daemon, std::int64_t sum);
    [[nodiscard]] bool is_through();
    [[nodiscard]] std::vector<std::int64_t> committed();
    /// The sum over the partitions; nothing committed counts as 0.
    [[nodiscard]] std::int64_t committed_sum();
    /// Records that Tecton has taken, each counted as often as it was written.
    [[nodiscard]] std::int64_t written();

    /// The oracle: of the ids [0, total) each is at Tecton or, if it is in `poison`, in the dead
    /// letters; all is committed. Prints how many were written twice, and returns it.
    std::int64_t check_nothing_lost(std::int64_t total, std::set<std::int64_t> const& poison = {});

    TemporaryFolder folder;
    std::string const topic;
    std::string const dead_letter_topic;
    std::string const group;
    KafkaObserver observer;
    Emulators emulators;

  private:
    std::string const name_;
    Feed feed_;
};

/// What the daemon says about itself when nothing is on its way any more.
void check_settled(RunningDaemon& daemon);

/// Slow enough that faults meet records on their way: at most 4000 a second with 8 requests.
[[nodiscard]] emulator::FaultRule twenty_ms_each();

}  // namespace headrace::integration
