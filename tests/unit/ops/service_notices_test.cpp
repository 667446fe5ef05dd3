#include "ops/service_notices.hpp"

#include "sample_routes.hpp"

#include <catch2/catch_test_macros.hpp>

#include <vector>

namespace headrace::ops {
namespace {

using namespace std::chrono_literals;
using flow::RouteSnapshot;
using flow::RouteState;

RouteSnapshot route(std::string name, RouteState state = RouteState::flowing,
                    std::string reason = {}) {
    RouteSnapshot out;
    out.name = std::move(name);
    out.state = state;
    out.reason = std::move(reason);
    out.joined = true;
    return out;
}

RouteSnapshot joining(std::string name, std::string trouble = {}) {
    auto out = route(std::move(name));
    out.joined = false;
    out.trouble = std::move(trouble);
    return out;
}

/// A daemon's life as the service manager hears of it.
struct Life {
    Duration watchdog{};
    TimePoint now = TimePoint{} + 1h;
    std::vector<RouteSnapshot> routes{joining("clicks")};
    bool do_loops_beat = true;
    bool is_reloading = false;
    std::optional<TimePoint> drains_until;
    ServiceNotices notices{watchdog, now};

    [[nodiscard]] ServicePicture picture() const {
        return {routes, do_loops_beat, is_reloading, drains_until};
    }
    std::string due_but_not_taken() { return notices.due(now, picture()); }
    std::string due() {
        auto notice = due_but_not_taken();
        notices.on_sent();
        return notice;
    }
    [[nodiscard]] std::string status() const { return service_status(now, picture()); }
};

bool has(std::string const& notice, std::string const& line) {
    return ("\n" + notice).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("the service is ready once every route is assigned, and it is told once") {
    Life life{.routes = {joining("clicks"), joining("docs")}};
    CHECK(life.due() == "STATUS=2 routes: 2 joining\n");
    life.routes[0].joined = true;
    life.now += 2s;
    CHECK(life.due() == "STATUS=2 routes: 1 flowing, 1 joining\n");
    life.routes[1].joined = true;
    CHECK(life.due() == "READY=1\nSTATUS=2 routes: 2 flowing\n");
    CHECK(life.due().empty());
}

TEST_CASE("a route that cannot reach its brokers does not keep the service from being ready") {
    Life life{.routes = {route("clicks"), joining("docs", "no broker reachable")}};
    CHECK(life.due() ==
          "READY=1\nSTATUS=2 routes: 1 flowing, 1 joining (docs: no broker reachable)\n");
}

TEST_CASE("brokers that say nothing at all hold the service back for a bounded time") {
    Life life;
    life.now += ServiceNotices::ready_within - 1ms;
    CHECK(!has(life.due(), "READY=1"));
    life.now += 1ms;
    CHECK(has(life.due(), "READY=1"));
}

TEST_CASE("a route that an operator drained counts as assigned") {
    Life life{.routes = {joining("clicks")}};
    life.routes[0].is_drained = true;
    life.routes[0].state = RouteState::paused;
    CHECK(life.due() == "READY=1\nSTATUS=1 route: 1 paused\n");
}

TEST_CASE("a notice that was not taken is due again") {
    Life life{.watchdog = 10s, .routes = {route("clicks")}};
    auto const first = life.due_but_not_taken();
    CHECK(first == "READY=1\nSTATUS=1 route: 1 flowing\nWATCHDOG=1\n");
    CHECK(!life.notices.was_told_ready());
    CHECK(life.due() == first);
    CHECK(life.notices.was_told_ready());
}

TEST_CASE("the status follows the routes at most once in a second") {
    Life life{.routes = {route("clicks")}};
    life.due();
    life.routes[0] = route("clicks", RouteState::throttled, "429");
    life.now += 900ms;
    CHECK(life.due().empty());
    life.now += 100ms;
    CHECK(life.due() == "STATUS=1 route: 1 throttled (clicks: 429)\n");
    life.routes[0] = route("clicks");
    CHECK(life.due().empty());
}

TEST_CASE("the status counts the routes by state and explains the worst") {
    Life life{.routes = {route("a"), route("b"), route("embeddings", RouteState::blocked, "401"),
                         route("c", RouteState::broken, "timeout after 30 s")}};
    CHECK(life.status() == "4 routes: 2 flowing, 1 broken, 1 blocked (embeddings: 401)");
    life.routes.push_back(route("d", RouteState::stopped));
    CHECK(life.status() == "5 routes: 2 flowing, 1 broken, 1 blocked, 1 stopped (embeddings: 401)");
    life.routes.clear();
    CHECK(life.status() == "0 routes");
}

TEST_CASE("a flowing route's trouble with Kafka stands in the status") {
    Life life{.routes = {route("clicks")}};
    life.routes[0].trouble = "no broker reachable";
    CHECK(life.status() == "1 route: 1 flowing (clicks: no broker reachable)");
}

TEST_CASE("no reason can add a line to a notice") {
    Life life{.routes = {route("clicks", RouteState::blocked, "no\nMAINPID=1\nSTOPPING=1")}};
    CHECK(life.due() ==
          "READY=1\nSTATUS=1 route: 1 blocked (clicks: no\\u000aMAINPID=1\\u000aSTOPPING=1)\n");
    life.routes[0].reason = std::string(100'000, 'x');
    CHECK(life.status().size() < 400);
}

TEST_CASE("a reload is told when it begins, with the time, and when it has ended") {
    Life life{.routes = {route("clicks")}};
    life.due();
    life.is_reloading = true;
    CHECK(life.due() ==
          "RELOADING=1\nMONOTONIC_USEC=3600000000\nSTATUS=reloading; 1 route: 1 flowing\n");
    life.now += 10ms;
    CHECK(life.due().empty());
    life.is_reloading = false;
    CHECK(life.due() == "READY=1\nSTATUS=1 route: 1 flowing\n");
    CHECK(life.due().empty());
}

TEST_CASE("a reload before the service is ready is not told") {
    Life life;
    life.is_reloading = true;
    CHECK(!has(life.due(), "RELOADING=1"));
    life.is_reloading = false;
    CHECK(!has(life.due(), "READY=1"));
}

TEST_CASE("a drain is told once, with the time that it may take") {
    Life life{.routes = {route("clicks")}};
    life.due();
    life.routes[0].in_flight_records = 7;
    life.drains_until = life.now + 25s;
    CHECK(life.due() ==
          "STOPPING=1\nEXTEND_TIMEOUT_USEC=30000000\nSTATUS=draining: 7 records open, 25 s left\n");
    life.now += 24500ms;
    life.routes[0].in_flight_records = 1;
    CHECK(life.due() == "STATUS=draining: 1 record open, 1 s left\n");
    life.now += 10s;
    CHECK(life.due() == "STATUS=draining: 1 record open, 0 s left\n");
}

TEST_CASE("a drain before the service is ready does not make it ready") {
    Life life;
    life.due();
    life.drains_until = life.now + 25s;
    CHECK(has(life.due(), "STOPPING=1"));
    life.routes[0].joined = true;
    life.now += 20s;
    CHECK(!has(life.due(), "READY=1"));
}

TEST_CASE("a sign of life is given at half the watchdog's time") {
    Life life{.watchdog = 10s, .routes = {route("clicks")}};
    CHECK(has(life.due(), "WATCHDOG=1"));
    life.now += 4999ms;
    CHECK(life.due().empty());
    life.now += 1ms;
    CHECK(life.due() == "WATCHDOG=1\n");
    life.drains_until = life.now + 25s;
    life.now += 5s;
    CHECK(has(life.due(), "WATCHDOG=1"));
}

TEST_CASE("a loop that does not go round starves the watchdog until it does") {
    Life life{.watchdog = 10s, .routes = {route("clicks")}};
    life.due();
    life.do_loops_beat = false;
    life.now += 1h;
    CHECK(life.due().empty());
    life.do_loops_beat = true;
    CHECK(life.due() == "WATCHDOG=1\n");
}

TEST_CASE("without a watchdog no sign of life is given") {
    Life life{.routes = {route("clicks")}};
    CHECK(!has(life.due(), "WATCHDOG=1"));
    life.now += 1h;
    CHECK(life.due().empty());
}

}  // namespace headrace::ops
