#include "ops/rate_limited_log.hpp"

#include <string>
#include <utility>
#include <vector>

namespace headrace::ops {

RateLimitedLog::RateLimitedLog(Log& log, Clock const& clock, Duration interval)
    : log_(log), clock_(clock), interval_(interval) {}

void RateLimitedLog::write(LogLevel level, std::string_view route, std::string_view kind,
                           std::string_view message, std::span<LogField const> fields) {
    if (!log_.is_enabled(level)) return;
    std::uint64_t suppressed = 0;
    if (!may_write(level, {route, kind}, suppressed)) return;

    std::vector<LogField> all;
    all.reserve(fields.size() + 2);
    all.push_back({"route", route});
    if (suppressed != 0) all.push_back({"suppressed", suppressed});
    all.insert(all.end(), fields.begin(), fields.end());
    log_.write(level, kind, message, all);
}

void RateLimitedLog::report_suppressed(bool all) {
    struct Report {
        Key key;
        Pace pace;
    };
    std::vector<Report> reports;
    {
        std::lock_guard const lock(mutex_);
        TimePoint const now = clock_.now();
        for (auto& [key, pace] : paces_) {
            if (pace.suppressed == 0 || (!all && now - pace.written_at < interval_)) continue;
            reports.push_back({key, pace});
            pace.suppressed = 0;
            pace.written_at = now;
        }
    }
    for (auto const& [key, pace] : reports) {
        log_.write(pace.level, key.second, std::to_string(pace.suppressed) + " more suppressed",
                   {{"route", key.first}, {"suppressed", pace.suppressed}});
    }
}

bool RateLimitedLog::may_write(LogLevel level, KeyView key, std::uint64_t& suppressed) {
    std::lock_guard const lock(mutex_);
    bool is_new = false;
    Pace& pace = find_or_add(key, is_new);
    TimePoint const now = clock_.now();
    if (!is_new && now - pace.written_at < interval_) {
        ++pace.suppressed;
        pace.level = level;
        return false;
    }
    suppressed = std::exchange(pace.suppressed, 0);
    pace.written_at = now;
    return true;
}

RateLimitedLog::Pace& RateLimitedLog::find_or_add(KeyView key, bool& is_new) {
    Key wanted{key.first, key.second};
    if (paces_.size() >= pairs_max && !paces_.contains(wanted)) wanted = {"", "other"};
    auto const [at, inserted] = paces_.try_emplace(std::move(wanted));
    is_new = inserted;
    return at->second;
}

}  // namespace headrace::ops
