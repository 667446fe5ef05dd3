// A fast 64-bit hash for keys (FNV-1a over 8 bytes at a time with a final mix), used to spread keys
// over workers and to find records that must not be in flight together. Not for untrusted hash
// tables of exact keys: a collision here only makes two keys wait for each other.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace headrace {

[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t z) noexcept {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

[[nodiscard]] inline std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed) noexcept {
    std::uint64_t hash = seed ^ (0xCBF29CE484222325U + bytes.size());
    char const* at = bytes.data();
    std::size_t left = bytes.size();
    while (left >= 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, 8);
        hash = (hash ^ word) * 0x9FB21C651E98DF25U;
        hash ^= hash >> 32;
        at += 8;
        left -= 8;
    }
    std::uint64_t tail = 0;
    if (left != 0) std::memcpy(&tail, at, left);
    return mix((hash ^ tail) * 0x9FB21C651E98DF25U);
}

}  // namespace headrace
