// The dialects as the benchmarks use them, with the answers that say yes. Thread safety: free
// functions.
#pragma once

#include "http/message.hpp"
#include "sinks/dialect.hpp"

#include <cstdint>
#include <memory>

namespace headrace::bench {

enum class Destination : std::uint8_t {
    tecton,  ///< 10 records a request.
    milvus,  ///< 1,000 rows or 2 MiB a request.
};

[[nodiscard]] std::unique_ptr<sinks::Dialect> make_dialect(Destination destination);

/// Tells a Milvus dialect the schema of its collection; the others need none.
void make_ready(sinks::Dialect& dialect);

/// What the destination answers when it was asked about the collection.
void say_schema(http::Response& response);
/// What it answers when it took `records`.
void say_yes(Destination destination, std::size_t records, http::Response& response);

}  // namespace headrace::bench
