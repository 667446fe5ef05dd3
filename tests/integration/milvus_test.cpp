// Rows and their deletion, poison and missing collections: the built binary, librdkafka's mock
// cluster, and the double of Milvus.
#include "harness/mock_scene.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::integration {
namespace {

using emulator::FaultKind;
using emulator::FaultRule;

std::vector<emulator::MilvusRow> rows_of_docs(MockScene& scene) {
    return scene.emulators.milvus([](auto& logic) {
        return logic.store().rows("default/docs", {}, SystemClock{}.now(), Duration::zero());
    });
}

void check_milvus_figures(MockScene& scene, RunningDaemon& daemon) {
    auto const stats = scene.emulators.milvus_stats();
    CHECK(daemon.metric("headrace_write_requests_total") ==
          static_cast<double>(stats.write_requests));
    CHECK(daemon.metric("headrace_records_unaccounted") == 0);
}

TEST_CASE("documents are upserted by their primary key: a later record replaces the row") {
    MockScene scene;
    scene.feed_documents(0, 300);
    RunningDaemon daemon(scene.folder, "daemon", scene.milvus_config());
    REQUIRE(daemon.has_started());
    scene.until_through(daemon, "docs");
    scene.feed_one({.topic = "docs",
                    .key = "7",
                    .value = R"({"id":7,"vector":[1,2,3,4,5,6,7,8],"title":"changed"})"});
    scene.until_through(daemon, "docs");
    auto const rows = rows_of_docs(scene);
    REQUIRE(rows.size() == 300);
    for (auto const& row : rows) {
        CHECK((row.text.find("changed") != std::string::npos) == (row.key == "7"));
    }
    CHECK(scene.emulators.milvus_missing(300) == 0);
    CHECK(daemon.metric("headrace_records_written_total") == 301);
    check_milvus_figures(scene, daemon);
    CHECK(daemon.is_ready());
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a tombstone deletes the row of its key, in order with writes of that key") {
    MockScene scene;
    auto const write = [&](std::string const& key, std::optional<std::string> value) {
        scene.feed.write({.topic = "docs", .key = key, .value = std::move(value), .partition = 1});
    };
    for (std::int64_t id = 0; id != 20; ++id) {
        write(std::to_string(id), document(id));
    }
    write("3", std::nullopt);
    write("4", std::nullopt);
    write("4", document(4));
    write("not a number", std::nullopt);
    scene.feed.flush();
    RunningDaemon daemon(scene.folder, "daemon",
                         scene.milvus_config({.record = "{on_tombstone: delete}"}));
    REQUIRE(daemon.has_started());
    scene.until_through(daemon, "docs");
    auto const rows = rows_of_docs(scene);
    CHECK(rows.size() == 19);
    for (auto const& row : rows) {
        CHECK(row.key != "3");
    }
    auto const letters = scene.dead_letters();
    REQUIRE(letters.size() == 1);
    CHECK(letters[0].key == "not a number");
    CHECK(!letters[0].value.has_value());
    CHECK(letters[0].header("headrace.destination") == "milvus");
    CHECK(!letters[0].header("headrace.message").empty());
    CHECK(daemon.metric("headrace_records_unaccounted") == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a row that Milvus refuses (1804) is dead-lettered and its neighbours are written") {
    MockScene scene;
    for (std::int64_t id = 0; id != 200; ++id) {
        bool const is_poison = id == 50 || id == 51 || id == 180;
        auto const poison =
            R"({"id":)" + std::to_string(id) + R"(,"vector":[1,2],"title":"short"})";
        scene.feed.write({.topic = "docs",
                          .key = std::to_string(id),
                          .value = is_poison ? poison : document(id),
                          .partition = 0});
    }
    scene.feed.flush();
    RunningDaemon daemon(scene.folder, "daemon", scene.milvus_config());
    REQUIRE(daemon.has_started());
    scene.until_through(daemon, "docs");
    CHECK(rows_of_docs(scene).size() == 197);
    auto const letters = scene.dead_letters();
    REQUIRE(letters.size() == 3);
    for (auto const& letter : letters) {
        CHECK(letter.header("headrace.stage") == "write");
        CHECK(letter.header("headrace.reason") == "rejected");
        CHECK(letter.header("headrace.status") == "200/1804");
        CHECK(letter.header("headrace.message").find("vector length") != std::string::npos);
        CHECK(letter.header("headrace.offset") == letter.key);
    }
    CHECK(daemon.metric("headrace_write_errors_total", {{"reason", "rejected"}}) >= 3);
    check_milvus_figures(scene, daemon);
    CHECK(daemon.is_ready());
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a missing collection blocks the route with an alarm until it is created") {
    MockScene scene;
    auto const docs = emulator::default_milvus_settings().collections.at(0);
    scene.emulators.milvus([](auto& logic) { logic.remove_collection("default", "docs"); });
    scene.feed_documents(0, 100);
    RunningDaemon daemon(scene.folder, "daemon", scene.milvus_config());
    REQUIRE(daemon.has_started());
    scene.until(daemon, "the route is blocked", [&] { return daemon.state("docs") == "blocked"; });
    CHECK(daemon.get("/readyz").status == 503);
    CHECK(daemon.get("/readyz").body.find("docs: blocked") != std::string::npos);
    scene.until(daemon, "the log says so", [&] {
        return daemon.has_logged("_blocked") && daemon.has_logged("state=blocked");
    });
    CHECK(scene.committed("docs") == 0);
    scene.emulators.milvus([&](auto& logic) { logic.set_collection(docs); });
    scene.until_through(daemon, "docs");
    CHECK(rows_of_docs(scene).size() == 100);
    CHECK(scene.dead_letters().empty());
    scene.until(daemon, "the daemon is ready", [&] { return daemon.is_ready(); });
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a server's passing faults, in part written, end with every row there once") {
    MockScene scene;
    FaultRule limited;
    limited.fault.kind = FaultKind::code;
    limited.fault.code = 1807;
    limited.fault.message = "request is rejected by limiter, error: rate limit exceeded[rate=1]";
    limited.count = 2;
    FaultRule in_part;
    in_part.fault.kind = FaultKind::code;
    in_part.fault.code = 1;
    in_part.fault.write = emulator::WriteEffect::part;
    in_part.count = 3;
    scene.emulators.break_milvus(limited);
    scene.emulators.break_milvus(in_part);
    scene.feed_documents(0, 300);
    RunningDaemon daemon(scene.folder, "daemon", scene.milvus_config());
    REQUIRE(daemon.has_started());
    scene.until_through(daemon, "docs");
    CHECK(rows_of_docs(scene).size() == 300);
    CHECK(scene.emulators.milvus_missing(300) == 0);
    CHECK(scene.dead_letters().empty());
    CHECK(daemon.metric("headrace_write_errors_total", {{"reason", "throttled"}}) >= 1);
    CHECK(daemon.metric("headrace_write_errors_total", {{"reason", "server_error"}}) >= 1);
    check_milvus_figures(scene, daemon);
    CHECK(daemon.terminate() == 0);
}

}  // namespace
}  // namespace headrace::integration
