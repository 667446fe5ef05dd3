#include "base/timestamp.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <optional>

namespace headrace {
namespace {

namespace chr = std::chrono;

/// Takes exactly `digits` decimal digits off the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
    if (text.size() < digits) return std::nullopt;
    int number = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        number = number * 10 + (text[i] - '0');
    }
    text.remove_prefix(digits);
    return number;
}

bool take_character(std::string_view& text, std::string_view allowed) {
    if (text.empty() || allowed.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<chr::year_month_day> take_date(std::string_view& text) {
    auto const year = take_number(text, 4);
    if (!year || !take_character(text, "-")) return std::nullopt;
    auto const month = take_number(text, 2);
    if (!month || !take_character(text, "-")) return std::nullopt;
    auto const day = take_number(text, 2);
    if (!day) return std::nullopt;
    chr::year_month_day const date{chr::year{*year}, chr::month{static_cast<unsigned>(*month)},
                                   chr::day{static_cast<unsigned>(*day)}};
    if (!date.ok() || *year < 1970) return std::nullopt;
    return date;
}

std::optional<chr::nanoseconds> take_time_of_day(std::string_view& text) {
    auto const hour = take_number(text, 2);
    if (!hour || *hour > 23 || !take_character(text, ":")) return std::nullopt;
    auto const minute = take_number(text, 2);
    if (!minute || *minute > 59 || !take_character(text, ":")) return std::nullopt;
    auto const second = take_number(text, 2);
    if (!second || *second > 60) return std::nullopt;
    chr::nanoseconds time = chr::hours{*hour} + chr::minutes{*minute} + chr::seconds{*second};
    if (!take_character(text, ".")) return time;
    std::int64_t scale = 100'000'000;
    std::size_t digits = 0;
    while (auto const digit = take_number(text, 1)) {
        time += chr::nanoseconds{*digit * scale};
        scale /= 10;
        ++digits;
    }
    if (digits == 0) return std::nullopt;
    return time;
}

std::optional<chr::minutes> take_zone(std::string_view& text) {
    if (take_character(text, "Zz")) return chr::minutes{0};
    int const sign = !text.empty() && text.front() == '-' ? -1 : 1;
    if (!take_character(text, "+-")) return std::nullopt;
    auto const hours = take_number(text, 2);
    if (!hours || *hours > 23 || !take_character(text, ":")) return std::nullopt;
    auto const minutes = take_number(text, 2);
    if (!minutes || *minutes > 59) return std::nullopt;
    return chr::minutes{sign * (*hours * 60 + *minutes)};
}

}  // namespace

std::string format_timestamp(WallTime time) {
    auto const ms = chr::floor<chr::milliseconds>(time);
    auto const day = chr::floor<chr::days>(ms);
    chr::year_month_day const date{day};
    chr::hh_mm_ss const clock{ms - day};
    std::array<char, 64> text{};
    int const size = std::snprintf(
        text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
        static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
        static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
        static_cast<int>(clock.subseconds().count()));
    return {text.data(), static_cast<std::size_t>(size)};
}

Result<WallTime> parse_timestamp(std::string_view text) {
    Error const wrong{ErrorCode::invalid_argument,
                      "is not an RFC 3339 time: write one such as 2026-11-21T09:00:00Z"};
    auto const date = take_date(text);
    if (!date || !take_character(text, "Tt ")) return wrong;
    auto const time = take_time_of_day(text);
    if (!time) return wrong;
    auto const zone = take_zone(text);
    if (!zone || !text.empty()) return wrong;
    // Whole milliseconds are Kafka's resolution, and keep the year 9999 inside the clock's range.
    auto const since_epoch =
        chr::sys_days{*date}.time_since_epoch() + chr::floor<chr::milliseconds>(*time) - *zone;
    if (since_epoch > chr::duration_cast<chr::milliseconds>(WallTime::max().time_since_epoch()))
        return wrong;
    return WallTime{since_epoch};
}

}  // namespace headrace
