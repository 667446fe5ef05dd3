#include "emulator/faults.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numbers>

namespace headrace::emulator {
namespace {

/// Quantile of the normal distribution that belongs to 99 %.
constexpr double z99 = 2.326;
constexpr double wait_ms_max = 600'000;

bool is_for(FaultRule const& rule, FaultQuestion const& question) {
    if (rule.operation.empty() ? !question.writes
                               : rule.operation != "any" && rule.operation != question.operation) {
        return false;
    }
    if (rule.target.empty()) return true;
    return std::find(question.targets->begin(), question.targets->end(), rule.target) !=
           question.targets->end();
}

Duration draw_latency(Fault const& fault, std::size_t records, Random& random) {
    if (!fault.documented) return latency(fault.p50_ms, fault.p99_ms, random);
    // Tecton's page gives 55 / 110 to 165 ms for one record and 100 / 200 ms for ten.
    double const share = (static_cast<double>(std::max<std::size_t>(records, 1)) - 1.0) / 9.0;
    return latency(55.0 + 45.0 * share, 137.0 + 63.0 * share, random);
}

}  // namespace

std::uint64_t FaultSchedule::add(FaultRule rule, TimePoint now) {
    entries_.push_back({next_id_, std::move(rule), now, 0, 0});
    return next_id_++;
}

bool FaultSchedule::remove(std::uint64_t id) {
    return std::erase_if(entries_, [id](Entry const& entry) { return entry.id == id; }) != 0;
}

bool FaultSchedule::fires(Entry& entry, FaultQuestion const& question, TimePoint now) {
    auto const& rule = entry.rule;
    if (!is_for(rule, question)) return false;
    auto const age = now - entry.since;
    if (age < rule.from || age >= rule.until) return false;
    ++entry.matched;
    if (entry.matched <= rule.skip || entry.fired >= rule.count) return false;
    if (rule.rate < 1.0 && random_.unit() >= rule.rate) return false;
    return true;
}

FaultDraw FaultSchedule::draw(FaultQuestion const& question, TimePoint now) {
    FaultDraw draw;
    for (auto& entry : entries_) {
        bool const is_latency = entry.rule.fault.kind == FaultKind::latency;
        if (!is_latency && draw.fault) continue;
        if (!fires(entry, question, now)) continue;
        ++entry.fired;
        if (is_latency) {
            draw.wait += draw_latency(entry.rule.fault, question.records, random_);
        } else {
            draw.fault = entry.rule.fault;
        }
    }
    return draw;
}

Duration latency(double p50_ms, double p99_ms, Random& random) {
    double ms = p50_ms;
    if (p50_ms > 0 && p99_ms > p50_ms) {
        double const sigma = std::log(p99_ms / p50_ms) / z99;
        double const radius = std::sqrt(-2.0 * std::log(1.0 - random.unit()));
        ms *= std::exp(sigma * radius * std::cos(2.0 * std::numbers::pi * random.unit()));
    }
    return std::chrono::duration_cast<Duration>(
        std::chrono::duration<double, std::milli>(std::clamp(ms, 0.0, wait_ms_max)));
}

std::optional<std::string> retry_after_value(Fault const& fault, WallTime now) {
    if (fault.retry_after == RetryAfter::absent) return std::nullopt;
    if (fault.retry_after == RetryAfter::seconds) return std::to_string(fault.retry_after_secs);
    static constexpr std::array<char const*, 7> days{"Sun", "Mon", "Tue", "Wed",
                                                     "Thu", "Fri", "Sat"};
    static constexpr std::array<char const*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    namespace chr = std::chrono;
    // Dates have whole seconds: round up, so that the promised wait is never cut short.
    auto const at = chr::ceil<chr::seconds>(now) + chr::seconds(fault.retry_after_secs);
    auto const day = chr::floor<chr::days>(at);
    chr::year_month_day const date{day};
    chr::hh_mm_ss const time{at - day};
    std::array<char, 64> text{};
    int const size = std::snprintf(
        text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
        days.at(chr::weekday{day}.c_encoding()), static_cast<unsigned>(date.day()),
        months.at(static_cast<unsigned>(date.month()) - 1), static_cast<int>(date.year()),
        static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
        static_cast<int>(time.seconds().count()));
    return std::string(text.data(), static_cast<std::size_t>(size));
}

}  // namespace headrace::emulator
