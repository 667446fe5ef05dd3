#include "emulator/faults.hpp"

#include "requests.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

namespace headrace::emulator {
namespace {

using test::at_ms;

FaultRule rule(FaultKind kind) {
    FaultRule result;
    result.fault.kind = kind;
    return result;
}

struct Asked {
    std::string operation = "ingest";
    bool writes = true;
    std::vector<std::string> targets{"clicks"};
    std::size_t records = 1;
};

bool fires(FaultSchedule& faults, std::int64_t ms, Asked const& asked = {}) {
    return faults.draw({asked.operation, asked.writes, &asked.targets, asked.records}, at_ms(ms).at)
        .fault.has_value();
}

}  // namespace

TEST_CASE("a rule fires by count, after those it skips") {
    FaultSchedule faults(1);
    auto three = rule(FaultKind::status);
    three.skip = 1;
    three.count = 2;
    faults.add(three, at_ms(0).at);
    CHECK_FALSE(fires(faults, 0));
    CHECK(fires(faults, 0));
    CHECK(fires(faults, 0));
    CHECK_FALSE(fires(faults, 0));
    CHECK(faults.entries().front().matched == 4);
    CHECK(faults.entries().front().fired == 2);
}

TEST_CASE("a rule fires within its window of time only") {
    FaultSchedule faults(1);
    auto window = rule(FaultKind::reset);
    window.from = std::chrono::seconds(1);
    window.until = std::chrono::seconds(2);
    faults.add(window, at_ms(0).at);
    CHECK_FALSE(fires(faults, 999));
    CHECK(fires(faults, 1000));
    CHECK(fires(faults, 1999));
    CHECK_FALSE(fires(faults, 2000));
}

TEST_CASE("a rate is kept over many requests and repeats itself with its seed") {
    auto const count = [](std::uint64_t seed) {
        FaultSchedule faults(seed);
        auto some = rule(FaultKind::status);
        some.rate = 0.2;
        faults.add(some, at_ms(0).at);
        int fired = 0;
        for (int i = 0; i < 5000; ++i) {
            fired += fires(faults, 0) ? 1 : 0;
        }
        return fired;
    };
    CHECK(count(7) == count(7));
    CHECK(count(7) > 850);
    CHECK(count(7) < 1150);
}

TEST_CASE("a rule is for its target and its operation") {
    FaultSchedule faults(1);
    auto views_only = rule(FaultKind::status);
    views_only.target = "views";
    auto const id = faults.add(views_only, at_ms(0).at);
    CHECK_FALSE(fires(faults, 0));
    CHECK(fires(faults, 0, {.targets = {"clicks", "views"}}));
    CHECK(faults.remove(id));
    CHECK_FALSE(faults.remove(id));

    faults.add(rule(FaultKind::status), at_ms(0).at);
    CHECK_FALSE(fires(faults, 0, {.operation = "describe", .writes = false}));
    faults.clear();
    auto describe = rule(FaultKind::status);
    describe.operation = "describe";
    faults.add(describe, at_ms(0).at);
    CHECK(fires(faults, 0, {.operation = "describe", .writes = false}));
    CHECK_FALSE(fires(faults, 0));
    faults.clear();
    auto any = rule(FaultKind::status);
    any.operation = "any";
    faults.add(any, at_ms(0).at);
    CHECK(fires(faults, 0, {.operation = "describe", .writes = false}));
}

TEST_CASE("the first rule that fires wins, and latency adds to it") {
    FaultSchedule faults(1);
    auto slow = rule(FaultKind::latency);
    slow.fault.p50_ms = 20;
    auto first = rule(FaultKind::status);
    first.fault.status = 429;
    first.count = 1;
    faults.add(slow, at_ms(0).at);
    faults.add(first, at_ms(0).at);
    faults.add(rule(FaultKind::reset), at_ms(0).at);
    faults.add(slow, at_ms(0).at);
    std::vector<std::string> const targets{"clicks"};
    auto draw = faults.draw({"ingest", true, &targets, 1}, at_ms(0).at);
    CHECK(draw.fault->status == 429);
    CHECK(draw.wait == std::chrono::milliseconds(40));
    draw = faults.draw({"ingest", true, &targets, 1}, at_ms(0).at);
    CHECK(draw.fault->kind == FaultKind::reset);
}

TEST_CASE("documented latency has the median and the tail that Tecton publishes") {
    auto const quantiles = [](std::size_t records) {
        FaultSchedule faults(3);
        auto documented = rule(FaultKind::latency);
        documented.fault.documented = true;
        faults.add(documented, at_ms(0).at);
        std::vector<std::string> const targets{"clicks"};
        std::vector<double> waits;
        for (int i = 0; i < 20'000; ++i) {
            auto const draw = faults.draw({"ingest", true, &targets, records}, at_ms(0).at);
            waits.push_back(std::chrono::duration<double, std::milli>(draw.wait).count());
        }
        std::sort(waits.begin(), waits.end());
        return std::pair(waits[10'000], waits[19'800]);
    };
    auto const [one_p50, one_p99] = quantiles(1);
    CHECK(one_p50 > 53);
    CHECK(one_p50 < 57);
    CHECK(one_p99 > 110);
    CHECK(one_p99 < 165);
    auto const [ten_p50, ten_p99] = quantiles(10);
    CHECK(ten_p50 > 96);
    CHECK(ten_p50 < 104);
    CHECK(ten_p99 > 180);
    CHECK(ten_p99 < 220);
}

TEST_CASE("no latency is longer than ten minutes") {
    Random random(1);
    CHECK(latency(1e300, 0, random) == std::chrono::minutes(10));
    CHECK(latency(0, 50, random) == Duration::zero());
}

TEST_CASE("Retry-After comes as seconds, as a date, or not at all") {
    Fault fault;
    auto const now = at_ms(1).wall;
    CHECK_FALSE(retry_after_value(fault, now).has_value());
    fault.retry_after = RetryAfter::seconds;
    fault.retry_after_secs = 7;
    CHECK(retry_after_value(fault, now) == "7");
    fault.retry_after = RetryAfter::date;
    CHECK(retry_after_value(fault, now) == "Sat, 21 Nov 2026 09:00:08 GMT");
}

}  // namespace headrace::emulator
