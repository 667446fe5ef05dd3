#include "ops/rate_limited_log.hpp"

#include "fakes/manual_clock.hpp"
#include "pipe.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <string>

namespace headrace::ops {
namespace {

using namespace std::chrono_literals;

struct Fixture {
    Pipe pipe;
    fakes::ManualClock clock;
    Log log{{}, clock, pipe.writer()};
    RateLimitedLog limited{log, clock, 10s};

    std::size_t lines() {
        std::string const text = pipe.read_present();
        return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    }
};

}  // namespace

TEST_CASE("the first message of a kind is written at once, the next ones are counted") {
    Fixture f;
    f.limited.write(LogLevel::warn, "clicks", "request_failed", "timeout", {{"status", 500}});
    std::string const first = f.pipe.read_present();
    CHECK(first.find("msg=timeout route=clicks status=500\n") != std::string::npos);

    for (int i = 0; i < 5; ++i)
        f.limited.write(LogLevel::warn, "clicks", "request_failed", "more");
    CHECK(f.lines() == 0);

    f.clock.advance(10s);
    f.limited.write(LogLevel::warn, "clicks", "request_failed", "again");
    std::string const next = f.pipe.read_present();
    CHECK(next.find("msg=again route=clicks suppressed=5\n") != std::string::npos);
}

TEST_CASE("routes and kinds have paces of their own") {
    Fixture f;
    f.limited.write(LogLevel::warn, "clicks", "request_failed", "m");
    f.limited.write(LogLevel::warn, "docs", "request_failed", "m");
    f.limited.write(LogLevel::warn, "clicks", "dead_letter", "m");
    CHECK(f.lines() == 3);
}

TEST_CASE("what was suppressed is told even when nothing more happens") {
    Fixture f;
    f.limited.write(LogLevel::warn, "clicks", "request_failed", "m");
    f.limited.write(LogLevel::error, "clicks", "request_failed", "m");
    f.limited.write(LogLevel::error, "clicks", "request_failed", "m");
    f.limited.report_suppressed();
    CHECK(f.lines() == 1);  // Its interval has not passed yet.

    f.clock.advance(10s);
    f.limited.report_suppressed();
    CHECK(f.pipe.read_present().find("level=error event=request_failed msg=\"2 more suppressed\" "
                                     "route=clicks suppressed=2\n") != std::string::npos);
    f.clock.advance(10s);
    f.limited.report_suppressed();
    CHECK(f.lines() == 0);
}

TEST_CASE("at the end everything suppressed is told without waiting") {
    Fixture f;
    f.limited.write(LogLevel::warn, "clicks", "request_failed", "m");
    f.limited.write(LogLevel::warn, "clicks", "request_failed", "m");
    f.limited.report_suppressed(true);
    CHECK(f.lines() == 2);
}

TEST_CASE("what the level hides is neither written nor counted") {
    Fixture f;
    f.limited.write(LogLevel::debug, "clicks", "detail", "m");
    f.limited.write(LogLevel::debug, "clicks", "detail", "m");
    f.limited.report_suppressed(true);
    CHECK(f.lines() == 0);
}

TEST_CASE("pairs beyond the limit share one pace, so that memory stays bounded") {
    Fixture f;
    for (std::size_t i = 0; i < RateLimitedLog::pairs_max; ++i) {
        f.limited.write(LogLevel::warn, "route" + std::to_string(i), "kind", "m");
        static_cast<void>(f.pipe.read_present());
    }
    f.limited.write(LogLevel::warn, "one more", "kind", "m");
    CHECK(f.lines() == 1);
    f.limited.write(LogLevel::warn, "and another", "kind", "m");
    CHECK(f.lines() == 0);
    f.limited.write(LogLevel::warn, "route0", "kind", "m");
    f.limited.report_suppressed(true);
    std::string const text = f.pipe.read_present();
    CHECK(text.find("event=other msg=\"1 more suppressed\"") != std::string::npos);
    CHECK(text.find("event=kind msg=\"1 more suppressed\" route=route0") != std::string::npos);
}

}  // namespace headrace::ops
