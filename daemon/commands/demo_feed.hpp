// What the demo writes into its Kafka: click events and documents with vectors, numbered from 0, so
// that the end can check each one. Used by demo. Thread safety: one thread; the generators are
// pure.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "kafka/producer.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace headrace::commands {

/// Numbers in a document's vector; the emulator's collection has as many.
inline constexpr std::size_t demo_dimension = 8;

/// The click number `id` as JSON, with an event time of `now`.
[[nodiscard]] std::string make_click(std::uint64_t id, WallTime now);
/// The document number `id` as JSON; the vector is the same each time.
[[nodiscard]] std::string make_document(std::uint64_t id);

/// How much has been written or is to be written of each kind.
struct FeedCounts {
    std::uint64_t clicks = 0;
    std::uint64_t documents = 0;

    [[nodiscard]] std::uint64_t total() const noexcept { return clicks + documents; }
    /// Four clicks to each document.
    [[nodiscard]] static FeedCounts share(std::uint64_t records) noexcept {
        return {records - records / 5, records / 5};
    }
};

class DemoFeed {
  public:
    explicit DemoFeed(std::unique_ptr<kafka::Producer> producer) : producer_(std::move(producer)) {}

    /// Writes on until `goal`, as far as the producer takes it.
    [[nodiscard]] Result<void> write_up_to(FeedCounts goal, WallTime now);
    [[nodiscard]] FeedCounts const& written() const noexcept { return written_; }

  private:
    [[nodiscard]] Result<bool> write(std::string const& topic, std::string const& key,
                                     std::string const& value);

    std::unique_ptr<kafka::Producer> producer_;
    FeedCounts written_;
};

}  // namespace headrace::commands
