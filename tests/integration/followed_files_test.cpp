// Values that stand in files which change while the built binary runs.
#include "harness/mock_scene.hpp"
#include "harness/tls_front.hpp"
#include "http/test_certificates.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::integration {
namespace {

TEST_CASE("a header that is mended in its file unblocks the route at once, without a restart") {
    MockScene scene;
    scene.feed_clicks(0, 50);
    auto const file = scene.folder.write("authorization", "Tecton-key wrong-key\n");
    RunningDaemon daemon(
        scene.folder, "daemon",
        scene.tecton_config(
            {.http = "{headers: {Authorization: \"${file:" + file + "}\"}}",
             .retry = "{initial_ms: 20, max_ms: 200, probe_ms: 50, blocked_probe_ms: 600000}"}));
    REQUIRE(daemon.has_started());
    scene.until(daemon, "the route is blocked",
                [&] { return daemon.state("clicks") == "blocked"; });
    scene.folder.replace("authorization", "Tecton-key demo-key\n");
    scene.until_through(daemon);
    CHECK(scene.emulators.tecton_missing("clicks", 50) == 0);
    CHECK(daemon.has_logged("secret_changed"));
    CHECK_FALSE(daemon.has_logged("wrong-key"));
    CHECK_FALSE(daemon.has_logged("demo-key"));
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a proxy that is named anew in its file is used by new connections") {
    MockScene scene;
    scene.feed_clicks(0, 50);
    auto const file = scene.folder.write("proxy", "http://127.0.0.1:1\n");
    RunningDaemon daemon(scene.folder, "daemon",
                         scene.tecton_config({.http = "{proxy: \"${file:" + file + "}\"}"}));
    REQUIRE(daemon.has_started());
    scene.until(daemon, "nobody is there", [&] { return daemon.state("clicks") == "broken"; });
    // The double answers as a proxy would: a plain one gets the whole address in the first line.
    auto proxy = scene.emulators.tecton_url();
    proxy.erase(proxy.rfind("/ingest"));
    scene.folder.replace("proxy", proxy + "\n");
    scene.until(daemon, "the new proxy is asked", [&] {
        return daemon.has_logged("connections_renewed") && daemon.state("clicks") != "broken";
    });
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("an API key that is replaced in its file is used from the next request on") {
    MockScene scene;
    scene.feed_clicks(0, 50);
    auto const file = scene.folder.write("api-key", "demo-key\n");
    RunningDaemon daemon(
        scene.folder, "daemon",
        scene.tecton_config(
            {.api_key = "${file:" + file + "}",
             .retry = "{initial_ms: 20, max_ms: 200, probe_ms: 50, blocked_probe_ms: 600000}"}));
    REQUIRE(daemon.has_started());
    scene.until_through(daemon);
    scene.emulators.tecton([](auto& logic) {
        logic.remove_key("demo-key");
        logic.set_key({.secret = "fresh-key"}, TimePoint{});
    });
    scene.feed_clicks(50, 50);
    scene.until(daemon, "the old key is refused",
                [&] { return daemon.state("clicks") == "blocked"; });
    scene.folder.replace("api-key", "fresh-key\n");
    scene.until_through(daemon);
    CHECK(scene.emulators.tecton_missing("clicks", 100) == 0);
    CHECK(scene.emulators.tecton_duplicates("clicks") == 0);
    CHECK_FALSE(daemon.has_logged("fresh-key"));
    CHECK(daemon.metric("headrace_config_reloads_total") == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE(
    "authorities and client certificates that are replaced on disk are used without a restart") {
    http::testing::TestCertificates const before;
    http::testing::TestCertificates const after;
    auto const read = [](std::string const& path) { return read_file(path); };
    MockScene scene;
    TlsFront front(scene.emulators.tecton_port(), before.server(before.issue(), true));
    auto const ca = scene.folder.write("ca.pem", read(before.ca_file()));
    auto const certificate =
        scene.folder.write("client.pem", read(before.issue({.file = "client.pem"})));
    auto config =
        scene.tecton_config({.http = "{tls: {ca: " + ca + ", certificate: " + certificate + "}}"});
    auto const url = scene.emulators.tecton_url();
    config.replace(config.find(url), url.size(),
                   "https://localhost:" + std::to_string(front.port()) + "/ingest");
    scene.feed_clicks(0, 50);
    RunningDaemon daemon(scene.folder, "daemon", config);
    REQUIRE(daemon.has_started());
    scene.until_through(daemon);
    // The gateway's authority changes, and with it that of the clients.
    front.use(after.server(after.issue(), true));
    scene.feed_clicks(50, 50);
    scene.until(daemon, "the gateway is not trusted", [&] {
        return daemon.metric("headrace_write_errors_total", {{"reason", "tls"}}) > 0;
    });
    scene.folder.replace("ca.pem", read(after.ca_file()));
    scene.folder.replace("client.pem", read(after.issue({.file = "client.pem"})));
    scene.until_through(daemon);
    CHECK(daemon.has_logged("connections_renewed"));
    CHECK(scene.emulators.tecton_missing("clicks", 100) == 0);
    CHECK(daemon.metric("headrace_records_unaccounted") == 0);
    CHECK(daemon.terminate() == 0);
}

}  // namespace
}  // namespace headrace::integration
