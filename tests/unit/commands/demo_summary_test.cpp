#include "commands/demo_summary.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <vector>

using namespace headrace;
using namespace headrace::commands;

namespace {
flow::RouteSnapshot route(std::uint64_t written) {
    flow::RouteSnapshot out;
    out.read = written;
    out.written = written;
    out.write_requests = written / 10;
    out.write_errors[1] = 2;
    out.end_to_end_seconds = {{0.01, 0.1, 1}, {written / 2, written, written, written}, 1.0};
    return out;
}
}  // namespace

TEST_CASE("a quantile lies inside its bucket") {
    flow::HistogramSnapshot const histogram{{0.01, 0.1, 1}, {50, 100, 100, 100}, 3};
    CHECK(quantile(histogram, 0.5) == Catch::Approx(0.01));
    CHECK(quantile(histogram, 0.75) == Catch::Approx(0.055));
    CHECK(quantile({{0.01}, {0, 10}, 100}, 0.99) == Catch::Approx(0.01));
    CHECK(quantile({{0.01}, {0, 0}, 0}, 0.99) == 0);
    CHECK(quantile({}, 0.5) == 0);
}

TEST_CASE("the summary adds the routes up and says that nothing is lost only when it is so") {
    std::vector<flow::RouteSnapshot> routes{route(80), route(20)};
    auto const whole = summary(2, {80, 20}, routes, {});
    CHECK(whole.find("written         100\n") != std::string::npos);
    CHECK(whole.find("requests        10, 4 of them failed") != std::string::npos);
    CHECK(whole.find("nothing lost") != std::string::npos);
    CHECK(whole.find("80 of 80 clicks") != std::string::npos);
    auto const lacking = summary(2, {80, 20}, routes, {.clicks_missing = 1});
    CHECK(lacking.find("nothing lost") == std::string::npos);
    CHECK(lacking.find("79 of 80 clicks") != std::string::npos);
    routes[0].unaccounted = 1;
    CHECK(summary(2, {80, 20}, routes, {}).find("nothing lost") == std::string::npos);
}

TEST_CASE("a line of progress counts over all routes") {
    std::vector<flow::RouteSnapshot> const routes{route(80), route(20)};
    auto const line = progress_line(1.5, {100, 50}, routes);
    CHECK(line.find("150 records in, 100 written") != std::string::npos);
    CHECK(line.ends_with("\n"));
}
