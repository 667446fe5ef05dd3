#include "ops/service_unit.hpp"

#include "datagram_receiver.hpp"
#include "fakes/manual_clock.hpp"
#include "ops/datagram_socket.hpp"
#include "sample_routes.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>

#include <map>

namespace headrace::ops {
namespace {

using namespace std::chrono_literals;

using Variables = std::map<std::string, std::string>;

ServiceSettings settings_of(Variables const& variables) {
    return read_service_settings(
        [&](char const* name) {
            auto const found = variables.find(name);
            return found == variables.end() ? nullptr : found->second.c_str();
        },
        4711);
}

/// A service manager that listens, and the daemon's side of it.
struct Unit {
    DatagramReceiver systemd;
    fakes::ManualClock clock;
    boost::asio::io_context io{1};
    std::vector<flow::RouteSnapshot> routes{clicks_route()};
    bool do_loops_beat = true;
    ServiceUnit service{
        io.get_executor(),
        {.notify_socket = systemd.name(), .watchdog = 40ms},
        {.snapshots = [this] { return routes; }, .do_loops_beat = [this] { return do_loops_beat; }},
        clock};

    /// Runs until a notice comes; nothing after a generous time.
    std::string next_notice() {
        auto const limit = std::chrono::seconds(20);
        auto const until = std::chrono::steady_clock::now() + limit;
        while (std::chrono::steady_clock::now() < until) {
            auto present = systemd.read_present();
            if (!present.empty()) return present.front();
            io.run_for(5ms);
        }
        return {};
    }
};

}  // namespace

TEST_CASE("the service manager's settings are what systemd says in the environment") {
    auto const told = settings_of({{"NOTIFY_SOCKET", "/run/systemd/notify"},
                                   {"WATCHDOG_USEC", "30000000"},
                                   {"WATCHDOG_PID", "4711"}});
    CHECK(told.notify_socket == "/run/systemd/notify");
    CHECK(told.watchdog == 30s);
    CHECK(settings_of({}).notify_socket.empty());
    CHECK(settings_of({{"NOTIFY_SOCKET", "@x"}, {"WATCHDOG_USEC", "1000000"}}).watchdog == 1s);
}

TEST_CASE("a watchdog that is another process's, or no number, is none") {
    auto const watchdog = [](std::string const& time, std::string const& process) {
        return settings_of(
                   {{"NOTIFY_SOCKET", "/n"}, {"WATCHDOG_USEC", time}, {"WATCHDOG_PID", process}})
            .watchdog;
    };
    CHECK(watchdog("30000000", "4711") == 30s);
    CHECK(watchdog("30000000", "4712") == 0s);
    CHECK(watchdog("30000000", "x") == 0s);
    for (auto const* time :
         {"", "x", "-1", "0", "30000000s", "99999999999999999999", "9223372036854775807"}) {
        CHECK(watchdog(time, "4711") == 0s);
    }
}

TEST_CASE("systemd is told over its socket, at once of a reload and of a drain") {
    Unit unit;
    REQUIRE(unit.service.start());
    CHECK(unit.next_notice() == "READY=1\nSTATUS=1 route: 1 flowing\nWATCHDOG=1\n");
    unit.service.reloading(true);
    CHECK(unit.next_notice().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    unit.service.reloading(false);
    CHECK(unit.next_notice().starts_with("READY=1\n"));
    unit.service.draining(unit.clock.now() + 25s);
    CHECK(unit.next_notice().starts_with("STOPPING=1\nEXTEND_TIMEOUT_USEC=30000000\n"));
}

TEST_CASE("systemd is told by itself when something has changed") {
    Unit unit;
    unit.routes[0].joined = false;
    REQUIRE(unit.service.start());
    CHECK(unit.next_notice() == "STATUS=1 route: 1 joining\nWATCHDOG=1\n");
    unit.routes[0].joined = true;
    CHECK(unit.next_notice().starts_with("READY=1\n"));
    unit.clock.advance(20ms);
    CHECK(unit.next_notice() == "WATCHDOG=1\n");
    unit.do_loops_beat = false;
    unit.clock.advance(1h);
    unit.routes[0].state = flow::RouteState::broken;
    CHECK(unit.next_notice() == "STATUS=1 route: 1 broken\n");
}

TEST_CASE("what systemd did not take is sent again") {
    Unit unit;
    auto const filler = DatagramSocket::open(unit.systemd.name());
    REQUIRE(filler);
    while (filler->send("x")) {
    }
    REQUIRE(unit.service.start());
    CHECK(unit.systemd.read_present().back() == "x");
    CHECK(unit.next_notice().starts_with("READY=1\n"));
}

TEST_CASE("a service manager that cannot be reached by its name is an error at the start") {
    fakes::ManualClock const clock;
    boost::asio::io_context io{1};
    ServiceUnit service(io.get_executor(), {.notify_socket = "vsock:2:9", .watchdog = {}},
                        {.snapshots = [] { return std::vector<flow::RouteSnapshot>{}; },
                         .do_loops_beat = [] { return true; }},
                        clock);
    auto const started = service.start();
    REQUIRE(!started);
    CHECK(started.error().message ==
          "NOTIFY_SOCKET: vsock:2:9: neither a path nor an abstract socket");
    service.draining(clock.now());
}

TEST_CASE("nothing is told after the stop") {
    Unit unit;
    REQUIRE(unit.service.start());
    CHECK(!unit.next_notice().empty());
    unit.service.stop();
    unit.service.draining(unit.clock.now());
    unit.io.run();
    CHECK(unit.systemd.read_present().empty());
}

}  // namespace headrace::ops
