#include "emulator/tecton_schema.hpp"

#include <charconv>
#include <chrono>
#include <limits>

namespace headrace::emulator {
namespace {

namespace chr = std::chrono;

bool take(std::string_view& text, char wanted) {
    if (!text.starts_with(wanted)) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<int> take_number(std::string_view& text, std::size_t digits, int max) {
    if (text.size() < digits) return std::nullopt;
    int number = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        number = number * 10 + (text[i] - '0');
    }
    text.remove_prefix(digits);
    if (number > max) return std::nullopt;
    return number;
}

std::optional<std::int64_t> take_fraction(std::string_view& text) {
    std::int64_t ns = 0;
    std::int64_t scale = 100'000'000;
    std::size_t digits = 0;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        ns += (text.front() - '0') * scale;
        scale /= 10;
        text.remove_prefix(1);
        ++digits;
    }
    if (digits == 0 || digits > 9) return std::nullopt;
    return ns;
}

std::optional<chr::minutes> take_zone(std::string_view& text) {
    if (text.empty() || take(text, 'Z')) return chr::minutes{0};
    int const sign = text.front() == '-' ? -1 : 1;
    if (!take(text, '+') && !take(text, '-')) return std::nullopt;
    auto const hours = take_number(text, 2, 23);
    if (!hours || !take(text, ':')) return std::nullopt;
    auto const minutes = take_number(text, 2, 59);
    if (!minutes) return std::nullopt;
    return chr::minutes{sign * (*hours * 60 + *minutes)};
}

template <class T>
bool is_whole_number(std::string_view digits) {
    T number{};
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return error == std::errc{} && end == digits.data() + digits.size();
}

template <class T>
bool fits_integer(JsonNode value) {
    if (value.is(JsonKind::integer)) return is_whole_number<T>(value.raw());
    return value.is(JsonKind::string) && is_whole_number<T>(value.text());
}

template <class T>
bool fits_float(JsonNode value) {
    if (!value.is_number()) return false;
    T number{};
    auto const raw = value.raw();
    auto const [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), number);
    // Too small is zero for every server; too large is not finite.
    return error == std::errc{} || std::string_view(raw).find("e-") != std::string_view::npos ||
           std::string_view(raw).find("E-") != std::string_view::npos;
}

TectonField const* find_field(std::vector<TectonField> const& fields, JsonNode key) {
    for (auto const& field : fields) {
        if (key.equals(field.name)) return &field;
    }
    return nullptr;
}

bool fits_structure(JsonNode value, TectonType const& type) {
    return value.is(JsonKind::object) && value.each_member([&](JsonNode key, JsonNode part) {
        auto const* field = find_field(type.parts, key);
        return field != nullptr && (part.is(JsonKind::null) || fits(part, field->type));
    });
}

}  // namespace

std::optional<std::int64_t> parse_event_time(std::string_view text) {
    auto const year = take_number(text, 4, 9999);
    if (!year || !take(text, '-')) return std::nullopt;
    auto const month = take_number(text, 2, 12);
    if (!month || !take(text, '-')) return std::nullopt;
    auto const day = take_number(text, 2, 31);
    if (!day || !take(text, 'T')) return std::nullopt;
    chr::year_month_day const date{chr::year{*year}, chr::month{static_cast<unsigned>(*month)},
                                   chr::day{static_cast<unsigned>(*day)}};
    auto const hour = take_number(text, 2, 23);
    if (!date.ok() || !hour || !take(text, ':')) return std::nullopt;
    auto const minute = take_number(text, 2, 59);
    if (!minute) return std::nullopt;
    int second = 0;
    std::int64_t fraction = 0;
    if (take(text, ':')) {
        auto const seconds = take_number(text, 2, 59);
        if (!seconds) return std::nullopt;
        second = *seconds;
        if (take(text, '.')) {
            auto const ns = take_fraction(text);
            if (!ns) return std::nullopt;
            fraction = *ns;
        }
    }
    auto const zone = take_zone(text);
    if (!zone || !text.empty()) return std::nullopt;
    chr::seconds const whole = chr::sys_days{date}.time_since_epoch() + chr::hours{*hour} +
                               chr::minutes{*minute} + chr::seconds{second} - *zone;
    constexpr std::int64_t per_second = 1'000'000'000;
    constexpr auto limit = std::numeric_limits<std::int64_t>::max() / per_second - 1;
    if (whole.count() > limit || whole.count() < -limit) return std::nullopt;
    return whole.count() * per_second + fraction;
}

bool fits(JsonNode value, TectonType const& type) {
    switch (type.kind) {
        case TectonKind::int64:
            return fits_integer<std::int64_t>(value);
        case TectonKind::int32:
            return fits_integer<std::int32_t>(value);
        case TectonKind::float64:
            return fits_float<double>(value);
        case TectonKind::float32:
            return fits_float<float>(value);
        case TectonKind::text:
            return value.is(JsonKind::string);
        case TectonKind::boolean:
            return value.is_bool();
        case TectonKind::timestamp:
            return value.is(JsonKind::string) && parse_event_time(value.text());
        case TectonKind::array:
            return value.is(JsonKind::array) && value.each_item([&](JsonNode item) {
                return item.is(JsonKind::null) || fits(item, type.parts.front().type);
            });
        case TectonKind::structure:
            return fits_structure(value, type);
        case TectonKind::map:
            return value.is(JsonKind::object) && value.each_member([&](JsonNode, JsonNode part) {
                return part.is(JsonKind::null) || fits(part, type.parts.front().type);
            });
    }
    return false;
}

std::optional<std::string> find_schema_fault(JsonNode record, StreamSource const& source,
                                             TectonSwitches const& switches) {
    std::optional<std::string> fault;
    auto const blame = [&](JsonNode key, char const* what) {
        fault = "field `" + key.text() + "` of stream source `" + source.name + "` " + what;
        return false;
    };
    record.each_member([&](JsonNode key, JsonNode value) {
        auto const* field = find_field(source.fields, key);
        if (field == nullptr) {
            return switches.accept_unknown || blame(key, "is not in the schema");
        }
        if (value.is(JsonKind::null)) return !switches.refuse_null || blame(key, "is null");
        // The event time is judged by the feature views, whose errors it raises.
        if (field->type.kind == TectonKind::timestamp) return true;
        return fits(value, field->type) || blame(key, "does not have the type of the schema");
    });
    if (fault || !switches.refuse_missing) return fault;
    for (auto const& field : source.fields) {
        if (!record.find(field.name)) {
            return "field `" + field.name + "` of stream source `" + source.name + "` is missing";
        }
    }
    return std::nullopt;
}

}  // namespace headrace::emulator
