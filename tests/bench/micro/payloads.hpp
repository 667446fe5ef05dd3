// Keys and values as records have them. Used by the benchmarks and the whole path. Thread safety:
// free functions.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace headrace::bench {

/// `count` different keys of 36 bytes.
[[nodiscard]] std::vector<std::string> make_keys(std::size_t count);

/// JSON objects of about `bytes` with different words, as clicks have them.
[[nodiscard]] std::vector<std::string> make_clicks(std::size_t count, std::size_t bytes);

/// JSON objects of about `bytes` that are mostly a vector of numbers, each with another `id`.
[[nodiscard]] std::vector<std::string> make_documents(std::size_t count, std::size_t bytes);

}  // namespace headrace::bench
