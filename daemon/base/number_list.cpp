#include "base/number_list.hpp"

#ifdef __SSE2__
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <emmintrin.h>
#endif

namespace headrace {

#ifdef __SSE2__
namespace {

constexpr std::size_t block_bytes = 64;

/// Which of a block's bytes are what, one bit each, the first byte lowest.
struct Classes {
    std::uint64_t digits = 0;
    std::uint64_t zeros = 0;
    std::uint64_t dots = 0;
    std::uint64_t commas = 0;
    std::uint64_t minuses = 0;
};

[[nodiscard]] std::uint64_t bits(__m128i mask, std::size_t at) noexcept {
    return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(mask))) << at;
}

[[nodiscard]] Classes classify(char const* block) noexcept {
    Classes out;
#pragma GCC unroll 4
    for (std::size_t at = 0; at != block_bytes; at += 16) {
        auto const bytes = _mm_loadu_si128(reinterpret_cast<__m128i const*>(block + at));
        auto const values = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
        out.digits |= bits(_mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values), at);
        out.zeros |= bits(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('0')), at);
        out.dots |= bits(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('.')), at);
        out.commas |= bits(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(',')), at);
        out.minuses |= bits(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')), at);
    }
    return out;
}

/// The block at `at`; what lies behind the text's end is nothing of a list.
[[nodiscard]] Classes classify_from(std::string_view text, std::size_t at) noexcept {
    auto const left = text.size() - at;
    if (left >= block_bytes) return classify(text.data() + at);
    std::array<char, block_bytes> rest{};
    std::memcpy(rest.data(), text.data() + at, left);
    return classify(rest.data());
}

/// The rules of a list. A rule about a byte and the one behind it is asked of the latter, so that
/// what a block leaves to the next is one bit of each kind: whether its last byte was of it.
class Rules {
  public:
    /// A block of which the bytes in `part`, its first ones, are of the list. Only behind a whole
    /// block there may be another.
    void keep(Classes const& block, std::uint64_t part) noexcept {
        auto const digits = block.digits & part;
        auto const dots = block.dots & part;
        auto const commas = block.commas & part;
        auto const minuses = block.minuses & part;
        auto const after_digit = behind(digits, digit_);
        auto const after_dot = behind(dots, dot_);
        auto const after_comma = behind(commas, comma_);
        auto const first_digits = digits & (after_comma | behind(minuses, minus_));
        auto const first_zeros = first_digits & block.zeros;
        // The digits behind each dot, and what ends them: the sum carries through them.
        auto const starts = after_dot | fraction_;
        std::uint64_t fractions = 0;
        bool const goes_on = __builtin_add_overflow(digits, starts & digits, &fractions);
        wrong_ |= ((dots | commas) & ~after_digit)                         // `.5`, `,,`, `-,`
                  | (minuses & ~after_comma)                               // `1-`, `--`
                  | (after_dot & part & ~digits)                           // `1.,`
                  | (dots & ((fractions & ~digits) | (starts & ~digits)))  // `1.2.3`
                  | (digits & behind(first_zeros, zero_));                 // `01`
        digit_ = digits >> last;
        dot_ = dots >> last;
        comma_ = commas >> last;
        minus_ = minuses >> last;
        zero_ = first_zeros >> last;
        fraction_ = goes_on ? 1 : 0;
    }

    [[nodiscard]] bool are_kept() const noexcept { return wrong_ == 0; }
    /// The last byte of the last block, which was whole, was a digit.
    [[nodiscard]] bool ended_with_digit() const noexcept { return digit_ != 0; }

  private:
    static constexpr unsigned last = 63;
    [[nodiscard]] static std::uint64_t behind(std::uint64_t what, std::uint64_t before) noexcept {
        return (what << 1U) | before;
    }

    std::uint64_t wrong_ = 0;
    std::uint64_t digit_ = 0;
    std::uint64_t dot_ = 0;
    std::uint64_t comma_ = 1;  ///< A list begins as it goes on after a comma.
    std::uint64_t minus_ = 0;
    std::uint64_t zero_ = 0;      ///< A number's first digit.
    std::uint64_t fraction_ = 0;  ///< A digit behind a dot.
};

}  // namespace

std::size_t number_list_size(std::string_view text) noexcept {
    Rules rules;
    for (std::size_t at = 0; at < text.size(); at += block_bytes) {
        auto const block = classify_from(text, at);
        auto const known = block.digits | block.dots | block.commas | block.minuses;
        if (known == ~std::uint64_t{0}) {
            rules.keep(block, known);
            continue;
        }
        auto const size = static_cast<std::size_t>(std::countr_one(known));
        auto const end = at + size;
        if (end >= text.size() || text[end] != ']') return 0;
        bool const ends_with_digit =
            size == 0 ? rules.ended_with_digit() : ((block.digits >> (size - 1)) & 1U) != 0;
        if (size != 0) rules.keep(block, (std::uint64_t{1} << size) - 1);
        return rules.are_kept() && ends_with_digit ? end : 0;
    }
    return 0;
}

#else

std::size_t number_list_size(std::string_view /*text*/) noexcept {
    return 0;
}

#endif

}  // namespace headrace
