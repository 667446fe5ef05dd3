// Connections that are cut, slow or silent, to the destination and to a real Apache Kafka, through
// a proxy. Nothing may be missing afterwards.
#include "base/random.hpp"
#include "harness/kafka_scene.hpp"

#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>

namespace headrace::integration {
namespace {

/// A connection that ends somewhere in its first requests or answers.
LinkPlan some_cut(Random& random) {
    LinkPlan plan;
    plan.cut = random.unit() < 0.5 ? Cut::close : Cut::reset;
    if (random.unit() < 0.5)
        plan.cut_after_up = static_cast<std::uint64_t>(random.unit() * 10'000);
    else
        plan.cut_after_down = static_cast<std::uint64_t>(random.unit() * 1'500);
    return plan;
}

TEST_CASE("connections to the destination are cut anywhere: nothing is missing") {
    auto const total = sized(6'000, 40'000);
    auto const cuts = sized(40, 400);
    Random random(Catch::getSeed());
    INFO("--rng-seed " << Catch::getSeed());
    KafkaScene scene("cut");
    FaultProxy destination_proxy(scene.emulators.tecton_port());
    std::vector<LinkPlan> plans;
    for (std::int64_t i = 0; i != cuts; ++i) {
        plans.push_back(some_cut(random));
    }
    destination_proxy.script(plans);
    scene.emulators.break_tecton(twenty_ms_each());
    scene.feed(0, total);
    RunningDaemon daemon(scene.folder, "daemon",
                         scene.config({.url = KafkaScene::url_by(destination_proxy)}));
    REQUIRE(daemon.has_started());
    scene.until_through(daemon);
    CHECK(destination_proxy.figures().cuts >= static_cast<std::uint64_t>(cuts));
    // An answer that was cut off is one that the destination may have meant.
    CHECK(scene.check_nothing_lost(total) <= 10 * cuts);
    CHECK(daemon.metric("headrace_write_errors_total", {{"reason", "connection"}}) > 0);
    check_settled(daemon);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a destination falls silent, refuses and is slow: nothing is missing") {
    auto const total = sized(6'000, 30'000);
    KafkaScene scene("silent");
    FaultProxy proxy(scene.emulators.tecton_port());
    scene.emulators.break_tecton(twenty_ms_each());
    scene.feed(0, total);
    RunningDaemon daemon(scene.folder, "daemon",
                         scene.config({.url = KafkaScene::url_by(proxy),
                                       .http = "{concurrency: 8, timeout_secs: 2.0}"}));
    REQUIRE(daemon.has_started());
    scene.until_written(daemon, total / 10);
    proxy.cut_all(Cut::half_open);
    scene.until(daemon, "requests time out", [&] {
        return daemon.metric("headrace_write_errors_total", {{"reason", "timeout"}}) > 0;
    });
    scene.until_written(daemon, total / 10);
    proxy.refuse();
    proxy.cut_all(Cut::reset);
    scene.until(daemon, "the breaker opens", [&] { return daemon.state("events") == "broken"; });
    proxy.accept();
    scene.until_written(daemon, total / 10);
    // A request takes a second now, within its time-out; those that take longer are sent again.
    proxy.otherwise({.bytes_per_sec = 4000});
    proxy.cut_all(Cut::close);
    scene.until_written(daemon, 200);
    proxy.otherwise({});
    proxy.cut_all(Cut::close);
    scene.until_through(daemon);
    scene.check_nothing_lost(total);
    check_settled(daemon);
    CHECK(daemon.terminate() == 0);
}

std::set<std::int64_t> one_in_500(std::int64_t total) {
    std::set<std::int64_t> out;
    for (std::int64_t id = 250; id < total; id += 500) {
        out.insert(id);
    }
    return out;
}

TEST_CASE("connections to Kafka are cut again and again: nothing is missing, dead letters too") {
    auto const total = sized(8'000, 60'000);
    auto const rounds = sized(5, 20);
    auto const poison = one_in_500(total);
    KafkaScene scene("kafka-cut");
    scene.create_dead_letter_topic();
    scene.emulators.break_tecton(twenty_ms_each());
    scene.feed(0, total, poison);
    auto& proxy = KafkaScene::kafka_proxy();
    auto const cuts_before = proxy.figures().cuts;
    RunningDaemon daemon(scene.folder, "daemon",
                         scene.config({.bootstrap = KafkaScene::proxied_bootstrap()}));
    REQUIRE(daemon.has_started());
    for (std::int64_t round = 0; round != rounds; ++round) {
        scene.until_written(daemon, total / (2 * rounds));
        proxy.cut_all(round % 2 == 0 ? Cut::reset : Cut::close);
    }
    scene.until_through(daemon);
    CHECK(proxy.figures().cuts >= cuts_before + static_cast<std::uint64_t>(rounds));
    scene.check_nothing_lost(total, poison);
    check_settled(daemon);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("Kafka falls silent, refuses and is slow: nothing is missing") {
    // So much is fed before each step that no step finds the topic read to its end.
    auto const slice = sized(2'000, 8'000);
    std::int64_t total = 0;
    KafkaScene scene("kafka-silent");
    scene.create_dead_letter_topic();
    scene.emulators.break_tecton(twenty_ms_each());
    RunningDaemon daemon(
        scene.folder, "daemon",
        scene.config({.bootstrap = KafkaScene::proxied_bootstrap(),
                      .properties = CampaignText{}.properties + ", socket.timeout.ms: 3000"}));
    REQUIRE(daemon.has_started());
    auto& proxy = KafkaScene::kafka_proxy();
    auto const until_moving = [&] {
        auto const before = scene.written();
        scene.feed(total, slice, one_in_500(total + slice));
        total += slice;
        scene.until_written_in_all(daemon, before + slice / 2);
    };
    until_moving();
    auto const connections = proxy.figures().connections;
    proxy.cut_all(Cut::half_open);
    scene.until(daemon, "it connects anew",
                [&] { return proxy.figures().connections > connections; });
    CHECK(daemon.get("/healthz").status == 200);
    until_moving();
    proxy.refuse();
    proxy.cut_all(Cut::reset);
    scene.until(daemon, "the daemon says so", [&] { return daemon.has_logged("kafka_trouble"); });
    CHECK(daemon.get("/healthz").status == 200);
    proxy.accept();
    until_moving();
    proxy.otherwise({.bytes_per_sec = 400'000, .delay = std::chrono::milliseconds(20)});
    proxy.cut_all(Cut::close);
    until_moving();
    proxy.otherwise({});
    proxy.cut_all(Cut::close);
    until_moving();
    scene.until_through(daemon);
    scene.check_nothing_lost(total, one_in_500(total));
    check_settled(daemon);
    CHECK(daemon.terminate() == 0);
}

}  // namespace
}  // namespace headrace::integration
