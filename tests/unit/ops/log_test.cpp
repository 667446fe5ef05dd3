#include "ops/log.hpp"

#include "datagram_receiver.hpp"
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

TEST_CASE("a log whose stderr is the journal sends entries with fields, and drops none silently") {
    DatagramReceiver journal;
    fakes::ManualClock const clock;
    Log log({}, clock, LogTarget{.descriptor = -1, .journal_socket = journal.name()});
    log.write(LogLevel::warn, "kafka_trouble", "no broker", {{"route", "clicks"}});
    auto const first = journal.read_present();
    REQUIRE(first.size() == 1);
    CHECK(first.front() ==
          "MESSAGE=event=kafka_trouble msg=\"no broker\" route=clicks\nPRIORITY=4\n"
          "SYSLOG_IDENTIFIER=headrace\nHEADRACE_EVENT=kafka_trouble\nHEADRACE_ROUTE=clicks\n");

    for (int i = 0; i < 100'000; ++i)
        log.write(LogLevel::info, "k", "m");
    auto const taken = journal.read_present().size();
    log.write(LogLevel::info, "k", "after");
    auto const after = journal.read_present();
    REQUIRE(after.size() == 2);
    CHECK(after[0].find("HEADRACE_EVENT=log_lines_dropped\nHEADRACE_COUNT=" +
                        std::to_string(100'000 - taken) + "\n") != std::string::npos);
    CHECK(after[1].find("msg=after") != std::string::npos);
}

TEST_CASE("a log goes to stderr as lines unless systemd says that stderr is the journal") {
    CHECK(standard_log_target(nullptr).journal_socket.empty());
    CHECK(standard_log_target("1:1").journal_socket.empty());
    CHECK(standard_log_target("1:1").descriptor == 2);
}

}  // namespace headrace::ops
