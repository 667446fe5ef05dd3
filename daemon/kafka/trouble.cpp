#include "kafka/trouble.hpp"

#include <utility>

namespace headrace::kafka {

void Troubles::report(TroubleKind kind, Error error) {
    auto& entry = entries_.try_emplace(kind, Entry{{}, clock_.now(), {}}).first->second;
    // A cause that becomes known, such as wrong credentials, is not kept back.
    if (!entry.told.contains(error.code)) entry.due = clock_.now();
    entry.error = std::move(error);
}

void Troubles::clear(TroubleKind kind) {
    entries_.erase(kind);
}

void Troubles::tell(flow::SourceListener& listener) {
    if (entries_.empty()) {
        if (std::exchange(was_told_, false)) listener.on_recovered();
        return;
    }
    auto const now = clock_.now();
    for (auto& [kind, entry] : entries_) {
        if (now < entry.due) continue;
        entry.due = now + pace;
        entry.told.insert(entry.error.code);
        was_told_ = true;
        listener.on_trouble(entry.error);
    }
}

}  // namespace headrace::kafka
