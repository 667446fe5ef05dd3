// A small producing client for the demo and for tests: writes records and waits until the brokers
// have them. Dead letters have a producer of their own. Thread safety: one thread at a time.
#pragma once

#include "base/result.hpp"
#include "flow/record.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::kafka {

struct OutgoingRecord {
    std::string topic;
    std::optional<std::int32_t> partition;  ///< By the key's hash if absent.
    std::optional<std::string_view> key;
    std::optional<std::string_view> value;
    std::int64_t timestamp_ms = 0;  ///< 0: now.
    std::vector<flow::Header> headers;
};

class Producer {
  public:
    static Result<std::unique_ptr<Producer>> make(
        std::string const& bootstrap_servers,
        std::map<std::string, std::string> const& properties = {});
    ~Producer();
    Producer(Producer const&) = delete;
    Producer& operator=(Producer const&) = delete;

    /// Copies the record into the queue. An Error of code timeout means that the queue is full:
    /// flush, then try again.
    [[nodiscard]] Result<void> produce(OutgoingRecord const& record);

    /// Waits until everything is written; the Error says how many are not, or what the first
    /// failure was.
    [[nodiscard]] Result<void> flush(std::chrono::milliseconds limit);

    /// Records that the brokers have.
    [[nodiscard]] std::uint64_t written() const noexcept;

  private:
    struct Impl;
    explicit Producer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace headrace::kafka
