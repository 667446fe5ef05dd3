#include "sinks/retry_after.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace headrace::sinks {
namespace {

namespace chr = std::chrono;

/// The words of a date; dashes and commas divide words, colons do not.
[[nodiscard]] std::vector<std::string_view> words_of(std::string_view text) {
    constexpr std::string_view dividers = " ,-\t";
    std::vector<std::string_view> words;
    while (words.size() < 8) {
        std::size_t const begin = text.find_first_not_of(dividers);
        if (begin == std::string_view::npos) break;
        text.remove_prefix(begin);
        std::size_t const size = std::min(text.find_first_of(dividers), text.size());
        words.push_back(text.substr(0, size));
        text.remove_prefix(size);
    }
    return words;
}

[[nodiscard]] std::optional<int> number(std::string_view text) {
    int value = 0;
    auto const [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

[[nodiscard]] std::optional<unsigned> month(std::string_view text) {
    constexpr std::array<std::string_view, 12> names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    auto const found = std::ranges::find(names, text);
    if (found == names.end()) return std::nullopt;
    return static_cast<unsigned>(found - names.begin()) + 1;
}

[[nodiscard]] std::optional<int> year(std::string_view text) {
    auto const value = number(text);
    if (!value) return std::nullopt;
    if (text.size() == 4) return value;
    if (text.size() != 2) return std::nullopt;
    return *value < 70 ? 2000 + *value : 1900 + *value;
}

[[nodiscard]] std::optional<chr::seconds> time_of_day(std::string_view text) {
    if (text.size() != 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
    auto const hours = number(text.substr(0, 2));
    auto const minutes = number(text.substr(3, 2));
    auto const seconds = number(text.substr(6, 2));
    if (!hours || !minutes || !seconds || *hours > 23 || *minutes > 59 || *seconds > 60)
        return std::nullopt;
    return chr::hours(*hours) + chr::minutes(*minutes) + chr::seconds(*seconds);
}

/// Seconds too many for a number still mean a long wait.
[[nodiscard]] std::optional<Duration> seconds_of(std::string_view text) {
    if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos)
        return std::nullopt;
    auto const seconds = number(text);
    if (!seconds) return retry_after_max;
    return std::min<Duration>(chr::seconds(*seconds), retry_after_max);
}

[[nodiscard]] std::string_view trimmed(std::string_view text) {
    std::size_t const begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

}  // namespace

std::optional<WallTime> parse_http_date(std::string_view text) {
    auto const words = words_of(text);
    // Sun, 06 Nov 1994 08:49:37 GMT; Sunday, 06-Nov-94 08:49:37 GMT; Sun Nov  6 08:49:37 1994.
    bool const is_asctime = words.size() == 5;
    if (!is_asctime && (words.size() != 6 || words[5] != "GMT")) return std::nullopt;
    auto const d = number(words[is_asctime ? 2 : 1]);
    auto const m = month(words[is_asctime ? 1 : 2]);
    auto const y = year(words[is_asctime ? 4 : 3]);
    auto const time = time_of_day(words[is_asctime ? 3 : 4]);
    if (!d || !m || !y || !time) return std::nullopt;
    chr::year_month_day const date{chr::year{*y}, chr::month{*m},
                                   chr::day{static_cast<unsigned>(*d)}};
    // The clock's range ends in 2262.
    if (!date.ok() || *y < 1970 || *y > 2200) return std::nullopt;
    return WallTime{chr::sys_days{date}.time_since_epoch() + *time};
}

std::optional<Duration> read_retry_after(http::Response const& answer, WallTime wall) {
    auto const header = answer.header("Retry-After");
    if (!header) return std::nullopt;
    std::string_view const text = trimmed(*header);
    if (auto const seconds = seconds_of(text)) return seconds;
    auto const until = parse_http_date(text);
    if (!until) return std::nullopt;
    auto const sent = answer.header("Date");
    WallTime const from = (sent ? parse_http_date(trimmed(*sent)) : std::nullopt).value_or(wall);
    return std::clamp<Duration>(chr::duration_cast<Duration>(*until - from), Duration::zero(),
                                retry_after_max);
}

}  // namespace headrace::sinks
