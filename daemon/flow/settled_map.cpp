#include "flow/settled_map.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <limits>
#include <tuple>
#include <utility>

namespace headrace::flow {
namespace {

constexpr std::string_view prefix = "headrace-settled/1 ";
constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr unsigned digit_bits = 5;
constexpr unsigned more = 1U << digit_bits;
/// A range's own character: two bits of gap, four of length.
constexpr unsigned length_bits = 4;
constexpr std::uint64_t gap_code_max = 3;
constexpr std::uint64_t length_code_max = 15;
/// Thirteen digits of five bits hold every offset.
constexpr unsigned digits_max = 13;
constexpr std::string_view unknown = "-";
/// Kafka's are of 22; other brokers make longer ones.
constexpr std::size_t cluster_id_bytes_max = 64;
/// Base and epoch with a space behind each.
constexpr std::size_t numbers_bytes_max = 19 + 1 + 11 + 1;
/// The highest offset that has a next one.
constexpr Offset offset_max = std::numeric_limits<Offset>::max() - 1;

constexpr std::array<std::uint8_t, 256> make_values() {
    std::array<std::uint8_t, 256> values{};
    values.fill(0xFF);
    for (std::size_t i = 0; i != alphabet.size(); ++i) {
        values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
    }
    return values;
}
constexpr auto values = make_values();

void append_number(std::string& out, std::uint64_t number) {
    while (number >= more) {
        out += alphabet[more + number % more];
        number >>= digit_bits;
    }
    out += alphabet[number];
}

/// Takes a number off the front; nothing if there is none, or one beyond all offsets.
std::optional<Offset> take_number(std::string_view& text) {
    std::uint64_t number = 0;
    for (unsigned digit = 0; digit != digits_max && digit < text.size(); ++digit) {
        auto const value = values[static_cast<unsigned char>(text[digit])];
        if (value == 0xFF) return std::nullopt;
        number |= static_cast<std::uint64_t>(value % more) << (digit * digit_bits);
        if (value >= more) continue;
        text.remove_prefix(digit + 1);
        if (number > static_cast<std::uint64_t>(offset_max)) return std::nullopt;
        return static_cast<Offset>(number);
    }
    return std::nullopt;
}

void append_range(std::string& out, std::uint64_t gap, std::uint64_t length) {
    auto const gap_code = std::min(gap, gap_code_max);
    auto const length_code = std::min(length, length_code_max);
    out += alphabet[(gap_code << length_bits) + length_code];
    if (gap_code == gap_code_max) append_number(out, gap - gap_code_max);
    if (length_code == length_code_max) append_number(out, length - length_code_max);
}

struct Gauge {
    Offset gap = 0;
    Offset length = 0;
};

/// Takes a range off the front; nothing if there is none.
std::optional<Gauge> take_range(std::string_view& text) {
    auto const value = text.empty() ? 0xFFU : values[static_cast<unsigned char>(text.front())];
    if (value == 0xFF) return std::nullopt;
    text.remove_prefix(1);
    std::uint64_t gap = value >> length_bits;
    std::uint64_t length = value & length_code_max;
    for (auto [code, escape] : {std::pair{&gap, gap_code_max}, {&length, length_code_max}}) {
        if (*code != escape) continue;
        auto const rest = take_number(text);
        if (!rest || *rest > offset_max - static_cast<Offset>(escape)) return std::nullopt;
        *code += static_cast<std::uint64_t>(*rest);
    }
    return Gauge{static_cast<Offset>(gap), static_cast<Offset>(length)};
}

/// Takes a decimal number and the space behind it off the front.
template <class Number>
std::optional<Number> take_decimal(std::string_view& text) {
    Number number{};
    auto const* const end = text.data() + text.size();
    auto const [at, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || at == end || *at != ' ') return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(at - text.data()) + 1);
    return number;
}

/// Takes what stands before the next space, and the space.
std::string_view take_word(std::string_view& text) {
    auto const end = text.find(' ');
    if (end == std::string_view::npos) return {};
    auto const word = text.substr(0, end);
    text.remove_prefix(end + 1);
    return word;
}

Error unreadable(std::string_view why) {
    return Error{ErrorCode::bad_response,
                 "it is no map of settled offsets that this version can read: " + std::string(why)};
}

}  // namespace

SettledMapWriter::SettledMapWriter(Offset base, std::string_view cluster_id)
    : base_(base),
      head_(std::string(prefix) + std::string(cluster_id.empty() ? unknown : cluster_id) + ' '),
      runs_bytes_max_(SettledMap::bytes_max - numbers_bytes_max - head_.size()),
      written_to_(base - 2) {
    assert(cluster_id.size() <= cluster_id_bytes_max);
}

bool SettledMapWriter::add(OffsetRange range, std::int32_t leader_epoch) {
    assert(range.first <= range.last && range.first >= base_);
    if (is_full_) return false;
    if (pending_ && range.first == next(pending_->last)) {
        pending_->last = range.last;
    } else {
        if (!write_pending()) return false;
        pending_ = range;
    }
    pending_epoch_ = leader_epoch;
    return true;
}

bool SettledMapWriter::write_pending() {
    if (!pending_) return true;
    assert(pending_->first >= written_to_ + 2);
    auto const size = runs_.size();
    append_range(runs_, static_cast<std::uint64_t>(pending_->first - written_to_ - 2),
                 static_cast<std::uint64_t>(pending_->last - pending_->first));
    if (runs_.size() > runs_bytes_max_) {
        runs_.resize(size);
        is_full_ = true;
    } else {
        written_to_ = pending_->last;
        runs_epoch_ = pending_epoch_;
    }
    pending_.reset();
    return !is_full_;
}

std::string SettledMapWriter::finish() {
    std::ignore = write_pending();  // What it had no room for is cut off.
    if (runs_.empty()) return {};
    return head_ + std::to_string(base_) + ' ' + std::to_string(runs_epoch_) + ' ' + runs_;
}

Result<SettledMap> read_settled_map(std::string_view text) {
    if (text.size() > SettledMap::bytes_max) return unreadable("it is longer than any");
    if (!text.starts_with(prefix)) return unreadable("another program or another version wrote it");
    text.remove_prefix(prefix.size());
    SettledMap map;
    auto const cluster_id = take_word(text);
    if (cluster_id.empty() || cluster_id.size() > cluster_id_bytes_max)
        return unreadable("a bad head");
    if (cluster_id != unknown) map.cluster_id = cluster_id;
    auto const base = take_decimal<Offset>(text);
    auto const epoch = base ? take_decimal<std::int32_t>(text) : std::nullopt;
    if (!epoch || *base < 0 || *base > offset_max || *epoch < -1) return unreadable("a bad head");
    map.base = *base;
    map.leader_epoch = *epoch;
    Offset last = *base - 2;
    while (!text.empty()) {
        auto const range = take_range(text);
        if (!range || last > offset_max - 2 || range->gap > offset_max - 2 - last)
            return unreadable("a bad range");
        auto const first = last + 2 + range->gap;
        if (range->length > offset_max - first) return unreadable("a range beyond all offsets");
        last = first + range->length;
        map.ranges.push_back({first, last});
    }
    return map;
}

bool SettledBefore::covers(Offset offset, std::int32_t leader_epoch) noexcept {
    // No record has the greatest number, which has no next one.
    if (is_empty() || offset > offset_max) return false;
    bool const is_known = map_.leader_epoch >= 0;
    bool const is_other_log =
        offset < map_.base || is_known != (leader_epoch >= 0) || leader_epoch > map_.leader_epoch;
    if (is_other_log) {
        forget();
        return false;
    }
    from_ = next(offset);
    while (!is_empty() && map_.ranges[cursor_].last < offset)
        ++cursor_;
    return !is_empty() && map_.ranges[cursor_].first <= offset;
}

void SettledBefore::forget() noexcept {
    map_.ranges.clear();
    cursor_ = 0;
}

}  // namespace headrace::flow
