#include "ops/state_log.hpp"

#include "fakes/manual_clock.hpp"
#include "pipe.hpp"
#include "sample_routes.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <utility>
#include <vector>

namespace headrace::ops {
namespace {

struct Fixture {
    Pipe pipe;
    fakes::ManualClock clock;
    Log log{{}, clock, pipe.writer()};
    StateLog states{log};

    std::string observe(flow::RouteSnapshot const& route) {
        states.observe({&route, 1});
        return pipe.read_present();
    }
};

}  // namespace

TEST_CASE("a change of state is logged once, with the reason and the state before") {
    Fixture f;
    auto route = blocked_route();
    CHECK(f.observe(route).ends_with(
        "level=error event=route_state msg=\"the route is blocked: collection \\\"docs\\\" not "
        "found\" route=docs state=blocked before=flowing\n"));
    CHECK(f.observe(route).empty());

    route.state = flow::RouteState::flowing;
    route.reason.clear();
    CHECK(
        f.observe(route).ends_with("level=info event=route_state msg=\"the route is flowing\" "
                                   "route=docs state=flowing before=blocked\n"));
}

TEST_CASE("a state's level says who has to look") {
    using enum flow::RouteState;
    for (auto const& [state, level] : {std::pair{throttled, "warn"},
                                       {broken, "warn"},
                                       {blocked, "error"},
                                       {suspect, "error"},
                                       {stopped, "error"},
                                       {static_cast<flow::RouteState>(9), "error"}}) {
        Fixture f;
        auto route = blocked_route();
        route.state = state;
        CHECK(f.observe(route).find(std::string("level=") + level) != std::string::npos);
    }
}

TEST_CASE("a route that a reload begins anew has not lost its group") {
    Fixture f;
    auto route = clicks_route();
    route.joined = true;
    CHECK(f.observe(route).find("event=route_joined") != std::string::npos);
    route.joined = false;
    route.is_renewing = true;
    CHECK(f.observe(route).empty());
    route.joined = true;
    route.is_renewing = false;
    CHECK(f.observe(route).find("event=route_joined") != std::string::npos);
}

TEST_CASE("a route that was removed and comes again begins anew") {
    Fixture f;
    auto route = clicks_route();
    route.joined = true;
    std::ignore = f.observe(route);
    f.states.observe({});
    CHECK(f.observe(route).find("event=route_joined") != std::string::npos);
}

TEST_CASE("joining and losing the group are logged once each") {
    Fixture f;
    auto route = clicks_route();
    CHECK(f.observe(route).find("event=route_joined msg=\"the consumer group was joined\" "
                                "route=clicks partitions=1\n") != std::string::npos);
    CHECK(f.observe(route).empty());
    route.joined = false;
    route.trouble = "no broker reachable";
    CHECK(f.observe(route).find("level=warn event=route_left") != std::string::npos);
    CHECK(f.observe(route).empty());
}

TEST_CASE("routes are told apart") {
    Fixture f;
    auto const routes = std::vector{clicks_route(), blocked_route()};
    f.states.observe(routes);
    CHECK(f.pipe.read_present().find("route=docs") != std::string::npos);
    f.states.observe(routes);
    CHECK(f.pipe.read_present().empty());
}

}  // namespace headrace::ops
