// The commits under way, so that their answers are told in the order of the calls, whatever the
// order in which they come. Pure; used by kafka_source. Thread safety: belongs to the consumer
// thread.
#pragma once

#include "base/result.hpp"
#include "flow/source.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

namespace headrace::kafka {

class CommitLedger {
  public:
    /// Notes a commit; the number names it and is never 0.
    std::uint64_t open(std::span<flow::CommitPoint const> points);

    /// Notes an answer; one that nobody waits for is ignored.
    void answer(std::uint64_t number, Result<void> result);

    /// Gives every open commit the same answer: the client is gone.
    void answer_all(Error const& error);

    /// Tells the answers that are due, in order.
    void tell(flow::SourceListener& listener);

    [[nodiscard]] std::size_t open_count() const noexcept { return entries_.size(); }

  private:
    struct Entry {
        std::uint64_t number = 0;
        std::vector<flow::CommitPoint> points;
        std::optional<Result<void>> result;
    };
    std::deque<Entry> entries_;
    std::uint64_t last_number_ = 0;
};

}  // namespace headrace::kafka
