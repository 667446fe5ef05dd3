#include "fakes/manual_clock.hpp"
#include "ops/rate_limited_log.hpp"
#include "pipe.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <thread>
#include <vector>

namespace headrace::ops {

TEST_CASE("lines of several threads arrive whole while the level changes") {
    Pipe pipe;
    fakes::ManualClock clock;
    Log log({}, clock, pipe.writer());
    constexpr int threads_max = 4;
    constexpr int lines_max = 50;
    std::vector<std::thread> threads;
    for (int number = 0; number < threads_max; ++number) {
        threads.emplace_back([&, number] {
            for (int line = 0; line < lines_max; ++line) {
                log.write(LogLevel::error, "k", "m", {{"thread", number}, {"line", line}});
                log.set_level(line % 2 == 0 ? LogLevel::warn : LogLevel::info);
            }
        });
    }
    for (auto& thread : threads)
        thread.join();

    std::string const text = pipe.read_present();
    for (int number = 0; number < threads_max; ++number) {
        for (int line = 0; line < lines_max; ++line) {
            std::string const wanted =
                "level=error event=k msg=m thread=" + std::to_string(number) +
                " line=" + std::to_string(line) + "\n";
            CHECK(text.find(wanted) != std::string::npos);
        }
    }
}

TEST_CASE("what several threads suppress is counted to the last one") {
    Pipe pipe;
    fakes::ManualClock clock;
    Log log({}, clock, pipe.writer());
    RateLimitedLog limited(log, clock);
    std::vector<std::thread> threads;
    for (int number = 0; number < 4; ++number) {
        threads.emplace_back([&] {
            for (int i = 0; i < 250; ++i)
                limited.write(LogLevel::warn, "clicks", "k", "m");
        });
    }
    for (auto& thread : threads)
        thread.join();
    limited.report_suppressed(true);
    CHECK(pipe.read_present().find("999 more suppressed") != std::string::npos);
}

}  // namespace headrace::ops
