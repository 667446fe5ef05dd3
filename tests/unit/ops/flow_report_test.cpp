#include "ops/flow_report.hpp"

#include "fakes/manual_clock.hpp"
#include "pipe.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <utility>

namespace headrace::ops {

TEST_CASE("a route's reports carry its name and their severity, at a limited rate") {
    Pipe pipe;
    fakes::ManualClock clock;
    Log log({.level = LogLevel::debug, .format = LogFormat::text}, clock, pipe.writer());
    RateLimitedLog limited(log, clock);
    flow::Report const report = make_report(limited, "clicks");

    using enum flow::Severity;
    for (auto const& [severity, level] :
         {std::pair{debug, "debug"}, {info, "info"}, {warning, "warn"}, {error, "error"}}) {
        report(severity, std::string("kind_") + level, "two words");
        CHECK(pipe.read_present().ends_with(std::string(" level=") + level + " event=kind_" +
                                            level + " msg=\"two words\" route=clicks\n"));
    }
    report(error, "kind_error", "again");
    CHECK(pipe.read_present().empty());
    report(static_cast<flow::Severity>(9), "odd", "m");
    CHECK(pipe.read_present().find("level=error") != std::string::npos);
}

}  // namespace headrace::ops
