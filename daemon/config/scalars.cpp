#include "config/scalars.hpp"

#include "base/size.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace headrace::config {
namespace {

/// Whole numbers up to here are exact in a double, and far above every limit of ours.
constexpr double exact_max = 9007199254740992.0;

struct UnitName {
    std::string_view name;
    double milliseconds;
};
constexpr std::array<UnitName, 9> time_units{{{"ms", 1},
                                              {"s", 1000},
                                              {"sec", 1000},
                                              {"secs", 1000},
                                              {"seconds", 1000},
                                              {"m", 60'000},
                                              {"min", 60'000},
                                              {"minutes", 60'000},
                                              {"h", 3'600'000}}};

std::optional<double> parse_real(std::string_view text) noexcept {
    double value = 0;
    auto const [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
        return std::nullopt;
    return value;
}

std::optional<double> parse_whole(std::string_view text) noexcept {
    // A leading zero is octal to YAML 1.1 and decimal to 1.2: refused rather than guessed.
    auto const digits = text.starts_with('-') ? text.substr(1) : text;
    bool const is_digits = !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) {
        return c >= '0' && c <= '9';
    });
    if (!is_digits || (digits.size() > 1 && digits.front() == '0')) return std::nullopt;
    auto const value = parse_real(text);
    return value && std::fabs(*value) <= exact_max ? value : std::nullopt;
}

/// Splits `30 s` into number and unit.
std::optional<std::pair<double, std::string>> split_unit(std::string_view text) {
    auto const unit_at = text.find_first_not_of("0123456789.");
    if (unit_at == 0 || unit_at == std::string_view::npos) return std::nullopt;
    auto const number = parse_real(text.substr(0, unit_at));
    auto unit = text.substr(unit_at);
    while (unit.starts_with(' '))
        unit.remove_prefix(1);
    if (!number) return std::nullopt;
    std::string lower(unit);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return std::pair(*number, lower);
}

std::string shortest(double value) {
    std::array<char, 32> buffer{};
    auto const result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                      std::chars_format::fixed);
    return result.ec == std::errc{} ? std::string(buffer.data(), result.ptr) : std::string();
}

std::string size_advice(double number, std::string_view unit) {
    constexpr std::string_view letters = "kmg";
    constexpr std::array<std::string_view, 3> names{"KiB", "MiB", "GiB"};
    auto const which = unit.empty() ? std::string_view::npos : letters.find(unit.front());
    auto const tail = unit.empty() ? unit : unit.substr(1);
    bool const is_size = tail.empty() || tail == "b" || tail == "ib" || tail == "i";
    if (which == std::string_view::npos || !is_size || number != std::floor(number)) return {};
    return shortest(number) + std::string(names[which]);
}

}  // namespace

bool is_number_or_boolean(std::string_view plain) noexcept {
    if (parse_boolean(plain)) return true;
    auto const unsigned_part =
        plain.starts_with('+') || plain.starts_with('-') ? plain.substr(1) : plain;
    if (unsigned_part.empty()) return false;
    if (unsigned_part.starts_with("0x") || unsigned_part.starts_with("0o")) {
        return unsigned_part.find_first_not_of("0123456789abcdefABCDEF", 2) ==
               std::string_view::npos;
    }
    bool const starts_as_number = unsigned_part.front() == '.' ||
                                  (unsigned_part.front() >= '0' && unsigned_part.front() <= '9');
    return starts_as_number && parse_real(unsigned_part).has_value();
}

std::optional<bool> parse_boolean(std::string_view text) noexcept {
    if (text == "true" || text == "True" || text == "TRUE") return true;
    if (text == "false" || text == "False" || text == "FALSE") return false;
    return std::nullopt;
}

std::optional<double> parse_number(Type type, std::string_view text) noexcept {
    if (type == Type::seconds) return parse_real(text);
    if (type != Type::size) return parse_whole(text);
    auto const size = parse_size(text);
    if (!size || static_cast<double>(*size) > exact_max) return std::nullopt;
    return static_cast<double>(*size);
}

std::string unit_advice(Type type, std::string_view text) {
    auto const split = split_unit(text);
    if (!split) return {};
    auto const number = split->first;
    auto const& unit = split->second;
    std::string meant;
    if (type == Type::size) {
        meant = size_advice(number, unit);
    } else if (type == Type::milliseconds || type == Type::seconds) {
        auto const* const found =
            std::find_if(time_units.begin(), time_units.end(),
                         [&](UnitName const& known) { return known.name == unit; });
        if (found != time_units.end()) {
            auto const ms = number * found->milliseconds;
            meant = shortest(type == Type::seconds ? ms / 1000 : std::floor(ms));
        }
    }
    return meant.empty() ? meant : " (did you mean " + meant + "?)";
}

}  // namespace headrace::config
