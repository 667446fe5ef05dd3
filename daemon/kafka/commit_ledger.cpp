#include "kafka/commit_ledger.hpp"

#include <algorithm>
#include <utility>

namespace headrace::kafka {

std::uint64_t CommitLedger::open(std::span<flow::CommitPoint const> points) {
    entries_.push_back({++last_number_, {points.begin(), points.end()}, std::nullopt});
    return last_number_;
}

void CommitLedger::answer(std::uint64_t number, Result<void> result) {
    auto const found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](Entry const& entry) { return entry.number == number; });
    if (found != entries_.end() && !found->result) found->result = std::move(result);
}

void CommitLedger::answer_all(Error const& error) {
    for (auto& entry : entries_) {
        if (!entry.result) entry.result = error;
    }
}

void CommitLedger::tell(flow::SourceListener& listener) {
    while (!entries_.empty() && entries_.front().result) {
        auto const entry = std::move(entries_.front());
        entries_.pop_front();
        listener.on_committed(entry.points, *entry.result);
    }
}

}  // namespace headrace::kafka
