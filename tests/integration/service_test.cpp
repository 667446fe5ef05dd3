// What the built binary tells the service manager that started it, over a socket as systemd's own.
#include "harness/mock_scene.hpp"
#include "ops/datagram_receiver.hpp"

#include <catch2/catch_test_macros.hpp>

#include <csignal>
#include <cstdlib>

namespace headrace::integration {
namespace {

/// A service manager whose socket every child of this process is told of.
class Systemd {
  public:
    Systemd() { ::setenv("NOTIFY_SOCKET", receiver_.name().c_str(), 1); }
    ~Systemd() { ::unsetenv("NOTIFY_SOCKET"); }
    Systemd(Systemd const&) = delete;
    Systemd& operator=(Systemd const&) = delete;

    /// Whether a notice with this in it came by now; all that came is kept.
    bool was_told(std::string const& text) {
        for (auto& notice : receiver_.read_present()) {
            told_ += notice + "--\n";
        }
        return told_.find(text) != std::string::npos;
    }
    [[nodiscard]] std::string const& told() const noexcept { return told_; }

  private:
    ops::DatagramReceiver receiver_;
    std::string told_;
};

TEST_CASE("systemd hears that the service is ready, what its route does, and that it stops") {
    MockScene scene;
    Systemd systemd;
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config());
    REQUIRE(daemon.has_started());
    scene.until(daemon, "it is ready", [&] { return systemd.was_told("READY=1\n"); });
    CHECK(daemon.is_ready());
    scene.until(daemon, "the route flows",
                [&] { return systemd.was_told("STATUS=1 route: 1 flowing\n"); });
    emulator::FaultRule refusal;
    refusal.fault.status = 401;
    scene.emulators.break_tecton(refusal);
    scene.feed_clicks(0, 10);
    scene.until(daemon, "the route is blocked",
                [&] { return systemd.was_told("STATUS=1 route: 1 blocked (clicks: "); });
    scene.emulators.mend_tecton();
    scene.until_through(daemon);
    INFO(systemd.told());
    CHECK(daemon.terminate() == 0);
    CHECK(systemd.was_told("STOPPING=1\nEXTEND_TIMEOUT_USEC="));
}

TEST_CASE("a service without a broker is ready all the same, and says why it does not flow") {
    MockScene scene;
    Systemd systemd;
    auto config = scene.tecton_config();
    auto const at = config.find(scene.cluster->bootstrap());
    REQUIRE(at != std::string::npos);
    config.replace(at, scene.cluster->bootstrap().size(), "127.0.0.1:1");
    RunningDaemon daemon(scene.folder, "daemon", config);
    REQUIRE(daemon.has_started());
    scene.until(daemon, "it is ready", [&] { return systemd.was_told("READY=1\n"); });
    scene.until(daemon, "the status says why", [&] {
        return systemd.was_told("STATUS=1 route: 1 joining (clicks: no Kafka broker");
    });
    CHECK(!daemon.is_ready());
    CHECK(daemon.terminate() == 0);
}

}  // namespace
}  // namespace headrace::integration
