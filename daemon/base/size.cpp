#include "base/size.hpp"

#include <array>
#include <charconv>
#include <limits>

namespace headrace {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t bytes;
};
constexpr std::array<Unit, 3> units{{{"GiB", gib}, {"MiB", mib}, {"KiB", kib}}};

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
    Error const wrong{
        ErrorCode::invalid_argument,
        "is not a size: write a whole number of bytes, or one with KiB, MiB or GiB, such as 64MiB"};
    std::uint64_t factor = 1;
    std::string_view digits = text;
    for (auto const& unit : units) {
        if (digits.ends_with(unit.name)) {
            factor = unit.bytes;
            digits.remove_suffix(unit.name.size());
            break;
        }
    }
    while (digits.ends_with(' ')) {
        digits.remove_suffix(1);
    }
    std::uint64_t count = 0;
    auto const [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (code != std::errc{} || end != digits.data() + digits.size()) return wrong;
    if (count > std::numeric_limits<std::uint64_t>::max() / factor) return wrong;
    return count * factor;
}

std::string format_size(std::uint64_t bytes) {
    for (auto const& unit : units) {
        if (bytes >= unit.bytes && bytes % unit.bytes == 0) {
            return std::to_string(bytes / unit.bytes) + std::string(unit.name);
        }
    }
    return std::to_string(bytes);
}

}  // namespace headrace
