// Values that stand in files which change while the built binary runs.
#include "harness/mock_scene.hpp"

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

}  // namespace
}  // namespace headrace::integration
