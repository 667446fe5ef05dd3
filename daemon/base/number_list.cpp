#include "base/number_list.hpp"

#ifdef __SSE2__
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <immintrin.h>
#endif

namespace headrace {

#ifdef __SSE2__
namespace {

constexpr std::size_t block_bytes = 64;
/// A record was received on another core, and this is the first look at it. The processor's own
/// reading ahead ends with the page.
constexpr std::size_t read_ahead_bytes = 4096;

/// Which of a block's bytes are what, one bit each, the first byte lowest.
struct Classes {
    std::uint64_t digits = 0;
    std::uint64_t zeros = 0;
    std::uint64_t dots = 0;
    std::uint64_t commas = 0;
    std::uint64_t minuses = 0;
};

// What needs wider instructions than the build's is marked so function by function: nothing else
// may be compiled for a machine that may not be there. What is forced inline takes after its
// caller.

[[nodiscard]] std::uint64_t bits(__m128i mask, std::size_t at) noexcept {
    return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(mask))) << at;
}

struct Sse2 {
    [[nodiscard]] static Classes classify(char const* block) noexcept {
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
};

struct Avx2 {
    [[nodiscard, gnu::target("avx2")]] static std::uint64_t bits(__m256i mask,
                                                                 std::size_t at) noexcept {
        return static_cast<std::uint64_t>(static_cast<unsigned>(_mm256_movemask_epi8(mask))) << at;
    }
    [[nodiscard, gnu::target("avx2")]] static Classes classify(char const* block) noexcept {
        Classes out;
#pragma GCC unroll 2
        for (std::size_t at = 0; at != block_bytes; at += 32) {
            auto const bytes = _mm256_loadu_si256(reinterpret_cast<__m256i const*>(block + at));
            auto const values = _mm256_sub_epi8(bytes, _mm256_set1_epi8('0'));
            auto const least = _mm256_min_epu8(values, _mm256_set1_epi8(9));
            out.digits |= bits(_mm256_cmpeq_epi8(least, values), at);
            out.zeros |= bits(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('0')), at);
            out.dots |= bits(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('.')), at);
            out.commas |= bits(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(',')), at);
            out.minuses |= bits(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('-')), at);
        }
        return out;
    }
};

struct Avx512 {
    /// Kept in registers: the compiler would make them anew for each block.
    [[gnu::target("avx512f,avx512bw")]] Avx512() noexcept {
        asm("" : "+v"(zero_), "+v"(nine_), "+v"(dot_), "+v"(comma_), "+v"(minus_));
    }
    [[nodiscard, gnu::target("avx512f,avx512bw")]] Classes classify(
        char const* block) const noexcept {
        auto const bytes = _mm512_loadu_si512(block);
        auto const values = _mm512_sub_epi8(bytes, zero_);
        return {.digits = plain(_mm512_cmple_epu8_mask(values, nine_)),
                .zeros = plain(_mm512_cmpeq_epi8_mask(bytes, zero_)),
                .dots = plain(_mm512_cmpeq_epi8_mask(bytes, dot_)),
                .commas = plain(_mm512_cmpeq_epi8_mask(bytes, comma_)),
                .minuses = plain(_mm512_cmpeq_epi8_mask(bytes, minus_))};
    }

  private:
    /// A mask in a plain register, where the rules are faster than among mask registers.
    [[nodiscard, gnu::target("avx512f,avx512bw")]] static std::uint64_t plain(
        std::uint64_t mask) noexcept {
        asm("" : "+r"(mask));
        return mask;
    }

    __m512i zero_ = _mm512_set1_epi8('0');
    __m512i nine_ = _mm512_set1_epi8(9);
    __m512i dot_ = _mm512_set1_epi8('.');
    __m512i comma_ = _mm512_set1_epi8(',');
    __m512i minus_ = _mm512_set1_epi8('-');
};

/// The rules of a list. A rule about a byte and the one behind it is asked of the latter, so that
/// what a block leaves to the next is one bit of each kind: whether its last byte was of it.
class Rules {
  public:
    /// A block of which the bytes in `part`, its first ones, are of the list. Only behind a whole
    /// block there may be another.
    [[gnu::always_inline]] void keep(Classes const& block, std::uint64_t part) noexcept {
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
        wrong_ |= ((dots | commas) & ~after_digit)          // `.5`, `,,`, `-,`
                  | (minuses & ~after_comma)                // `1-`, `--`
                  | (after_dot & part & ~digits)            // `1.,`
                  | (dots & (fractions | starts))           // `1.2.3`, `1..`
                  | (digits & behind(first_zeros, zero_));  // `01`
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
        return (what << 1U) + before;
    }

    std::uint64_t wrong_ = 0;
    std::uint64_t digit_ = 0;
    std::uint64_t dot_ = 0;
    std::uint64_t comma_ = 1;  ///< A list begins as it goes on after a comma.
    std::uint64_t minus_ = 0;
    std::uint64_t zero_ = 0;      ///< A number's first digit.
    std::uint64_t fraction_ = 0;  ///< A digit behind a dot.
};

/// The block at `at`; what lies behind the text's end is nothing of a list.
template <class Width>
[[nodiscard, gnu::always_inline]] inline Classes classify_from(Width const& width,
                                                               std::string_view text,
                                                               std::size_t at) noexcept {
    auto const left = text.size() - at;
    if (left >= block_bytes) return width.classify(text.data() + at);
    std::array<char, block_bytes> rest{};
    std::memcpy(rest.data(), text.data() + at, left);
    return width.classify(rest.data());
}

template <class Width>
[[nodiscard, gnu::always_inline]] inline std::size_t size_of_list(std::string_view text) noexcept {
    Width const width;
    Rules rules;
    for (std::size_t at = 0; at < text.size(); at += block_bytes) {
        if (text.size() - at > read_ahead_bytes)
            __builtin_prefetch(text.data() + at + read_ahead_bytes, 0, 2);
        auto const block = classify_from(width, text, at);
        auto const known = block.digits | block.dots | block.commas | block.minuses;
        if (known == ~std::uint64_t{0}) {
            rules.keep(block, ~std::uint64_t{0});
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

[[nodiscard]] std::size_t size_by_sse2(std::string_view text) noexcept {
    return size_of_list<Sse2>(text);
}
[[nodiscard, gnu::target("avx2")]] std::size_t size_by_avx2(std::string_view text) noexcept {
    return size_of_list<Avx2>(text);
}
[[nodiscard, gnu::target("avx512f,avx512bw")]] std::size_t size_by_avx512(
    std::string_view text) noexcept {
    return size_of_list<Avx512>(text);
}

}  // namespace

VectorWidth widest_vector() noexcept {
    // Also asks whether the system keeps the wide registers.
    if (__builtin_cpu_supports("avx512bw")) return VectorWidth::bytes_64;
    return __builtin_cpu_supports("avx2") ? VectorWidth::bytes_32 : VectorWidth::bytes_16;
}

std::size_t number_list_size(std::string_view text, VectorWidth width) noexcept {
    switch (width) {
        case VectorWidth::bytes_64:
            return size_by_avx512(text);
        case VectorWidth::bytes_32:
            return size_by_avx2(text);
        case VectorWidth::bytes_16:
            break;
    }
    return size_by_sse2(text);
}

#else

VectorWidth widest_vector() noexcept {
    return VectorWidth::bytes_16;
}

std::size_t number_list_size(std::string_view /*text*/, VectorWidth /*width*/) noexcept {
    return 0;
}

#endif

std::size_t number_list_size(std::string_view text) noexcept {
    static VectorWidth const widest = widest_vector();
    return number_list_size(text, widest);
}

}  // namespace headrace
