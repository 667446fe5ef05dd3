// The records of these tests, and a producer that writes many of them. Thread safety: one thread.
#pragma once

#include "kafka/producer.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace headrace::integration {

/// A click of the emulated schema; no two ids share a user and a timestamp.
[[nodiscard]] std::string click(std::int64_t id);
/// A view and a purchase, for the other stream sources.
[[nodiscard]] std::string view(std::int64_t id);
[[nodiscard]] std::string purchase(std::int64_t id);
/// A row of the emulated collection `docs`.
[[nodiscard]] std::string document(std::int64_t id);

struct FedRecord {
    std::string topic;
    std::optional<std::string> key;
    std::optional<std::string> value;
    std::string source{};  ///< The header `source`; empty: none.
    std::optional<std::int32_t> partition{};
};

class Feed {
  public:
    explicit Feed(std::string const& bootstrap_servers);

    /// Waits while the producer's queue is full.
    void write(FedRecord const& record);
    /// `count` records from id `first` on.
    void write_many(std::int64_t first, std::int64_t count,
                    std::function<FedRecord(std::int64_t)> const& make);
    /// Waits until the brokers have everything.
    void flush();

  private:
    std::unique_ptr<kafka::Producer> producer_;
};

}  // namespace headrace::integration
