// `headrace healthcheck` of the built binary, as a container runtime runs it.
#include "harness/mock_scene.hpp"
#include "harness/reserved_port.hpp"

#include <catch2/catch_test_macros.hpp>

#include <csignal>

using namespace headrace;
using namespace headrace::integration;

TEST_CASE("healthcheck asks the daemon of its configuration: alive, not ready, ready, gone") {
    ReservedPort const port;
    MockScene scene;
    scene.feed_clicks(0, 10);
    scene.cluster->stop_brokers();
    auto text = scene.tecton_config();
    auto const address = "127.0.0.1:" + std::to_string(port.number());
    text.replace(text.find("127.0.0.1:0}"), 11, address);
    auto const config = scene.folder.write("check.yaml", text);
    auto const check = [&] {
        return run_binary(scene.folder, {"healthcheck", "--config", config});
    };
    auto const check_ready = [&] {
        return run_binary(scene.folder, {"healthcheck", "--ready", "--admin", address});
    };
    CHECK(check().exit_code == 1);
    RunningDaemon daemon(scene.folder, "daemon", text);
    REQUIRE(daemon.has_started());
    CHECK(check().output == address + " is healthy\n");
    auto const unready = check_ready();
    CHECK(unready.exit_code == 1);
    CHECK(unready.output.find(" is not ready: ") != std::string::npos);
    scene.cluster->start_brokers();
    scene.until(daemon, "the daemon is ready", [&] { return check_ready().exit_code == 0; });
    CHECK(daemon.terminate() == 0);
    CHECK(check().exit_code == 1);
}
