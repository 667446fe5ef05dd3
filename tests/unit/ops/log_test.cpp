#include "ops/log.hpp"

#include "fakes/manual_clock.hpp"
#include "pipe.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

namespace headrace::ops {
namespace {

struct Fixture {
    Pipe pipe;
    fakes::ManualClock clock;
};

}  // namespace

TEST_CASE("a log writes what its level lets through, with the clock's time") {
    Fixture f;
    Log log({.level = LogLevel::info, .format = LogFormat::text}, f.clock, f.pipe.writer());
    log.write(LogLevel::debug, "detail", "not written");
    log.write(LogLevel::info, "started", "listens", {{"port", 9464}});
    CHECK(f.pipe.read_present() ==
          "time=2023-11-14T22:13:20.000Z level=info event=started msg=listens port=9464\n");
}

TEST_CASE("a log writes JSON when it is told to") {
    Fixture f;
    Log log({.level = LogLevel::info, .format = LogFormat::json}, f.clock, f.pipe.writer());
    log.write(LogLevel::error, "route_stopped", "no topic");
    CHECK(
        f.pipe.read_present() ==
        R"({"time":"2023-11-14T22:13:20.000Z","level":"error","event":"route_stopped","msg":"no topic"})"
        "\n");
}

TEST_CASE("a log's level changes while it runs") {
    Fixture f;
    Log log({.level = LogLevel::warn, .format = LogFormat::text}, f.clock, f.pipe.writer());
    for (auto const level : {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error}) {
        log.set_level(level);
        CHECK(log.level() == level);
        CHECK(log.is_enabled(level));
        CHECK(log.is_enabled(LogLevel::error));
        CHECK(log.is_enabled(LogLevel::debug) == (level == LogLevel::debug));
    }
    log.write(LogLevel::warn, "k", "held back");
    CHECK(f.pipe.read_present().empty());
}

TEST_CASE("braces in a message are only braces") {
    Fixture f;
    Log log({}, f.clock, f.pipe.writer());
    log.write(LogLevel::warn, "k", "{} {0} {nope} %s %v");
    CHECK(f.pipe.read_present().find("msg=\"{} {0} {nope} %s %v\"") != std::string::npos);
}

TEST_CASE("after a stall the log says how many lines are missing, once") {
    Fixture f;
    Log log({}, f.clock, f.pipe.writer());
    f.pipe.fill();
    log.write(LogLevel::warn, "k", "lost 1");
    log.write(LogLevel::warn, "k", "lost 2");
    std::string const before = f.pipe.read_present();
    CHECK(before.find("lost") == std::string::npos);

    log.write(LogLevel::warn, "k", "third");
    log.write(LogLevel::warn, "k", "fourth");
    std::string const after = f.pipe.read_present();
    CHECK(after.find("event=log_lines_dropped") < after.find("msg=third"));
    CHECK(after.find("count=2") != std::string::npos);
    CHECK(after.find("log_lines_dropped") == after.rfind("log_lines_dropped"));
    CHECK(after.find("msg=fourth") != std::string::npos);
}

}  // namespace headrace::ops
