// The insides of a long JSON array of plain numbers, such as a vector: checked sixty-four bytes at
// a time, without converting one. Used by json.cpp, which leaves everything else to other judges.
// Thread safety: a free function.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace headrace {

/// `text` begins behind an opening bracket. Says how many bytes before the closing one are a list
/// of numbers by JSON's grammar, parted by commas; 0 if it is none, or has white space or
/// exponents, which are left to others, or if this machine has no SSE2.
[[nodiscard]] std::size_t number_list_size(std::string_view text) noexcept;

/// How many bytes are looked at by one instruction; what they find is the same.
enum class VectorWidth : std::uint8_t {
    bytes_16,  ///< SSE2, which every x86-64 has.
    bytes_32,  ///< AVX2.
    bytes_64,  ///< AVX-512 with its instructions for bytes.
};

/// The widest that this machine has; number_list_size() takes it.
[[nodiscard]] VectorWidth widest_vector() noexcept;

/// The same with a given width. REQUIRES: the machine has it.
[[nodiscard]] std::size_t number_list_size(std::string_view text, VectorWidth width) noexcept;

}  // namespace headrace
