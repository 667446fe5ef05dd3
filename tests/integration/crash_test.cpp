// Ways in which the daemon ends while records are on their way, with a real Apache Kafka: killed,
// asked to leave, and stopped for longer than its session. Nothing may be missing afterwards.
#include "base/random.hpp"
#include "harness/kafka_scene.hpp"

#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>

#include <csignal>

namespace headrace::integration {
namespace {

using namespace std::chrono_literals;

// A static member that comes back is at once what it was, without a wait for its old session.
constexpr char const* as_one = ", instance_id: one";

TEST_CASE("after kill -9 at random moments under load no record is missing") {
    auto const total = sized(12'000, 60'000);
    auto const kills = sized(3, 5);
    Random random(Catch::getSeed());
    INFO("--rng-seed " << Catch::getSeed());
    KafkaScene scene("kill");
    scene.emulators.break_tecton(twenty_ms_each());
    scene.feed(0, total);
    auto const text = scene.config({.source = as_one});
    for (std::int64_t kill = 0; kill != kills; ++kill) {
        RunningDaemon daemon(scene.folder, "killed", text);
        REQUIRE(daemon.has_started());
        // Also before anything is written.
        auto const moment = random.unit() * static_cast<double>(total / (kills + 1));
        scene.until_written(daemon, static_cast<std::int64_t>(moment));
        daemon.process().signal(SIGKILL);
        REQUIRE(daemon.process().wait(patience) == 128 + SIGKILL);
        CHECK(!scene.is_through());
    }
    RunningDaemon daemon(scene.folder, "last", text);
    REQUIRE(daemon.has_started());
    scene.until_through(daemon);
    auto const again = scene.check_nothing_lost(total);
    figure("kill.written_twice_per_kill", static_cast<double>(again) / static_cast<double>(kills),
           "records");
    // Commits while running keep it to what was open or not yet committed at each kill.
    CHECK(again < total / 4);
    check_settled(daemon);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("SIGTERM under load with a healthy destination: exit 0, and nothing is written twice") {
    auto const total = sized(8'000, 40'000);
    KafkaScene scene("term");
    scene.emulators.break_tecton(twenty_ms_each());
    scene.feed(0, total);
    auto const text = scene.config({.source = as_one});
    for (int round = 0; round != 3; ++round) {
        RunningDaemon daemon(scene.folder, "drained", text);
        REQUIRE(daemon.has_started());
        scene.until_written(daemon, total / 5);
        CHECK(daemon.terminate() == 0);
        CHECK(!scene.is_through());
        // What is settled beyond a gap travels with the commit and is no part of the sum.
        CHECK(scene.committed_sum() <= scene.written());
    }
    RunningDaemon daemon(scene.folder, "last", text);
    REQUIRE(daemon.has_started());
    scene.until_through(daemon);
    CHECK(scene.check_nothing_lost(total) == 0);
    check_settled(daemon);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("SIGTERM with a hung destination: exit 1 within drain_secs, nothing open is committed") {
    constexpr auto drain = 2s;
    auto const total = sized(4'000, 20'000);
    KafkaScene scene("hung");
    emulator::FaultRule hang;
    hang.fault.kind = emulator::FaultKind::stall;
    hang.fault.wait_ms = 600'000;
    hang.skip = 50;
    scene.emulators.break_tecton(hang);
    scene.emulators.break_tecton(twenty_ms_each());
    scene.feed(0, total);
    RunningDaemon hung(scene.folder, "hung",
                       scene.config({.source = as_one, .limits = "{drain_secs: 2, workers: 2}"}));
    REQUIRE(hung.has_started());
    scene.until(hung, "requests hang",
                [&] { return scene.emulators.tecton_stats().unanswered >= 8; });
    SystemClock const clock;
    auto const before = clock.now();
    CHECK(hung.terminate() == 1);
    // One second is kept for loops that do not come round, the rest is for a busy machine.
    CHECK(clock.now() - before < drain + 8s);
    CHECK(scene.committed_sum() <= scene.written());
    scene.emulators.mend_tecton();
    RunningDaemon next(scene.folder, "next", scene.config({.source = as_one}));
    REQUIRE(next.has_started());
    scene.until_through(next);
    scene.check_nothing_lost(total);
    check_settled(next);
    CHECK(next.terminate() == 0);
}

/// Fails if a partition's committed offset is ever less than it was.
class NeverBack {
  public:
    explicit NeverBack(KafkaScene& scene) : scene_(scene), last_(scene.committed()) {}

    void look() {
        auto const now = scene_.committed();
        for (std::size_t i = 0; i != now.size(); ++i) {
            INFO("partition " << i << " went from " << last_[i] << " to " << now[i]);
            CHECK(now[i] >= last_[i]);
        }
        last_ = now;
    }

  private:
    KafkaScene& scene_;
    std::vector<std::int64_t> last_;
};

TEST_CASE("SIGSTOP beyond the session: another member takes over, and nothing lost is committed") {
    auto const total = sized(12'000, 40'000);
    KafkaScene scene("stop");
    scene.emulators.break_tecton(twenty_ms_each());
    scene.feed(0, total);
    auto const text =
        scene.config({.properties = "session.timeout.ms: 3000, heartbeat.interval.ms: 300",
                      .http = "{concurrency: 4}"});
    RunningDaemon stopped(scene.folder, "stopped", text);
    REQUIRE(stopped.has_started());
    scene.until_written(stopped, total / 10);
    stopped.process().signal(SIGSTOP);
    RunningDaemon other(scene.folder, "other", text);
    REQUIRE(other.has_started());
    scene.until(other, "the other one writes", [&] {
        return other.metric("headrace_records_written_total") > static_cast<double>(total) / 4;
    });
    NeverBack never_back(scene);
    stopped.process().signal(SIGCONT);
    scene.until(
        other, "everything is committed",
        [&] {
            never_back.look();
            return scene.is_through();
        },
        3 * patience);
    scene.until(stopped, "it has noticed", [&] { return stopped.has_logged("assignment_lost"); });
    CHECK(stopped.metric("headrace_records_returned_total", {{"reason", "lost"}}) > 0);
    scene.check_nothing_lost(total);
    check_settled(stopped);
    check_settled(other);
    CHECK(stopped.terminate() == 0);
    CHECK(other.terminate() == 0);
    never_back.look();
}

}  // namespace
}  // namespace headrace::integration
