#include "ops/admin_answers.hpp"

#include "base/json.hpp"
#include "exposition.hpp"
#include "fakes/manual_clock.hpp"
#include "ops/page.hpp"
#include "sample_routes.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::ops {
namespace {

struct Fixture {
    fakes::ManualClock clock;
    std::vector<flow::RouteSnapshot> routes{clicks_route()};
    std::vector<std::string> stalled;
    AdminAnswers answers{AdminSources{.snapshots = [this] { return routes; },
                                      .stalled_loops = [this] { return stalled; },
                                      .version = "0.1.0"},
                         clock};

    http::ServerResponse ask(std::string method, std::string target) {
        http::ServerRequest request;
        request.method = std::move(method);
        request.target = std::move(target);
        return answers.answer(request);
    }
    http::ServerResponse get(std::string target) { return ask("GET", std::move(target)); }
};

std::string header(http::ServerResponse const& answer, std::string_view name) {
    for (auto const& [key, value] : answer.headers) {
        if (key == name) return value;
    }
    return "";
}

}  // namespace

TEST_CASE("metrics are Prometheus text") {
    Fixture f;
    auto const answer = f.get("/metrics");
    CHECK(answer.status == 200);
    CHECK(answer.content_type == "text/plain; version=0.0.4; charset=utf-8");
    auto const scrape = parse_exposition(answer.body);
    CHECK(scrape.find("headrace_records_in_flight", {{"route", "clicks"}}) == 100);
    CHECK(scrape.families.contains("process_open_fds"));
}

TEST_CASE("health is 200 while every loop beats, else 503 with the names of those that do not") {
    Fixture f;
    f.routes = {blocked_route()};  // Health never depends on Kafka or a destination.
    CHECK(f.get("/healthz").status == 200);
    CHECK(f.get("/healthz").body == "[]\n");
    f.stalled = {"clicks worker 1"};
    CHECK(f.get("/healthz").status == 503);
    CHECK(f.get("/healthz").body == "[\"clicks worker 1 does not beat\"]\n");
}

TEST_CASE("readiness is 200, or 503 with a JSON list of reasons") {
    Fixture f;
    CHECK(f.get("/readyz").status == 200);
    CHECK(f.get("/readyz").content_type == "application/json");
    f.routes.front().state = flow::RouteState::broken;
    f.routes.front().reason = "timeout";
    CHECK(f.get("/readyz").status == 503);
    CHECK(f.get("/readyz").body == "[\"clicks: broken: timeout\"]\n");
}

TEST_CASE("the status tells the version and how long the daemon is up") {
    Fixture f;
    f.clock.advance(std::chrono::microseconds(90'500'400));
    auto const answer = f.get("/status?now");
    CHECK(answer.status == 200);
    CHECK(answer.content_type == "application/json");
    CHECK(JsonValidator().check_object(answer.body).has_value());
    CHECK(
        answer.body.starts_with(R"({"version":"0.1.0","uptime_secs":90.5,"config":{"loaded_at":)"));
    CHECK(answer.body.find(R"("routes":[{"name":"clicks",)") != std::string::npos);
}

TEST_CASE("the page comes with its policy") {
    Fixture f;
    auto const answer = f.get("/");
    CHECK(answer.status == 200);
    CHECK(answer.content_type == "text/html; charset=utf-8");
    CHECK(answer.body == page_html());
    CHECK(header(answer, "Content-Security-Policy") == page_security_policy());
}

TEST_CASE("nothing is kept in a cache, guessed or told to other sites") {
    Fixture f;
    for (auto const* path : {"/", "/metrics", "/healthz", "/readyz", "/status", "/nothing"}) {
        auto const answer = f.get(path);
        CHECK(header(answer, "Cache-Control") == "no-store");
        CHECK(header(answer, "X-Content-Type-Options") == "nosniff");
        CHECK(header(answer, "Referrer-Policy") == "no-referrer");
        CHECK(header(answer, "Access-Control-Allow-Origin").empty());
        CHECK(answer.delivery == http::Delivery::whole);
    }
}

TEST_CASE("HEAD is answered as GET is") {
    Fixture f;
    for (auto const* path : {"/", "/healthz", "/readyz", "/status"}) {
        CHECK(f.ask("HEAD", path).status == 200);
        CHECK(f.ask("HEAD", path).body == f.get(path).body);
    }
}

TEST_CASE("other paths are 404 and other methods 405 with those that are allowed") {
    Fixture f;
    for (auto const* path : {"/metrics/", "/status/x", "//", "", "/favicon.ico", "*"}) {
        CHECK(f.get(path).status == 404);
        CHECK(f.ask("POST", path).status == 404);
    }
    for (auto const* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get", ""}) {
        auto const answer = f.ask(method, "/readyz");
        CHECK(answer.status == 405);
        CHECK(header(answer, "Allow") == "GET, HEAD");
    }
}

}  // namespace headrace::ops
