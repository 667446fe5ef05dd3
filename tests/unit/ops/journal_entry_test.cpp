#include "ops/journal_entry.hpp"

#include "pipe.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <sys/stat.h>

namespace headrace::ops {
namespace {

std::string entry(LogEvent const& event, LogFormat format = LogFormat::text) {
    return format_journal_entry(format, WallTime{std::chrono::seconds(1'700'000'000)}, event);
}

}  // namespace

TEST_CASE("a journal entry has the message, the priority and every field by itself") {
    LogField const fields[] = {{"route", "clicks"}, {"partitions", 4}, {"is_late", true}};
    CHECK(entry({LogLevel::warn, "route_joined", "the group was joined", fields}) ==
          "MESSAGE=event=route_joined msg=\"the group was joined\" route=clicks partitions=4 "
          "is_late=true\n"
          "PRIORITY=4\n"
          "SYSLOG_IDENTIFIER=headrace\n"
          "HEADRACE_EVENT=route_joined\n"
          "HEADRACE_ROUTE=clicks\n"
          "HEADRACE_PARTITIONS=4\n"
          "HEADRACE_IS_LATE=true\n");
}

TEST_CASE("a journal entry's message is the whole JSON line where JSON is asked for") {
    CHECK(entry({LogLevel::error, "k", "m", {}}, LogFormat::json) ==
          R"(MESSAGE={"time":"2023-11-14T22:13:20.000Z","level":"error","event":"k","msg":"m"})"
          "\nPRIORITY=3\nSYSLOG_IDENTIFIER=headrace\nHEADRACE_EVENT=k\n");
}

TEST_CASE("a journal entry's priority is syslog's number of its level") {
    auto const priority = [](LogLevel level) {
        auto const text = entry({level, "k", "m", {}});
        return text.at(text.find("\nPRIORITY=") + 10);
    };
    CHECK(priority(LogLevel::debug) == '7');
    CHECK(priority(LogLevel::info) == '6');
    CHECK(priority(LogLevel::warn) == '4');
    CHECK(priority(LogLevel::error) == '3');
}

TEST_CASE("no value can end its field of a journal entry or begin another") {
    std::string const hostile = "x\nPRIORITY=0\n_SYSTEMD_UNIT=ssh.service\n\xff";
    LogField const fields[] = {{"route", hostile}};
    auto const text = entry({LogLevel::info, "k", hostile, fields});
    CHECK(std::ranges::count(text, '\n') == 5);
    CHECK(text.find("\nPRIORITY=0") == std::string::npos);
    CHECK(text.find("HEADRACE_ROUTE=x\\u000aPRIORITY=0\\u000a_SYSTEMD_UNIT=ssh.service\\u000a"
                    "\\ufffd\n") != std::string::npos);
}

TEST_CASE("a journal entry is bounded, and its field names are names that the journal takes") {
    std::string const long_text(100'000, 'x');
    std::vector<LogField> const fields(100, LogField{long_text, LogValue(long_text)});
    auto const text = entry({LogLevel::info, "k", long_text, fields});
    CHECK(text.size() < 64 * 1024);
    CHECK(std::ranges::count(text, '\n') == 4 + 16);

    LogField const odd[] = {{"a-b c", 1}};
    CHECK(entry({LogLevel::info, "k", "m", odd}).find("\nHEADRACE_A_B_C=1\n") != std::string::npos);
}

TEST_CASE("a descriptor is the journal's stream only if systemd named it") {
    Pipe pipe;
    struct stat status {};
    REQUIRE(::fstat(pipe.writer(), &status) == 0);
    auto const name = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
    CHECK(is_journal_stream(name, pipe.writer()));
    CHECK(!is_journal_stream(name + "0", pipe.writer()));
    CHECK(!is_journal_stream("", pipe.writer()));
    CHECK(!is_journal_stream("x:y", pipe.writer()));
    CHECK(!is_journal_stream(name, -1));
}

}  // namespace headrace::ops
