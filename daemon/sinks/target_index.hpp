// Gives each different target a small number, the first time a record names it. Used by dialects.
// Thread safety: an instance belongs to its worker's thread.
#pragma once

#include "flow/sink.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace headrace::sinks {

/// Names come from records: without a limit a stray field would fill the memory.
inline constexpr std::size_t targets_max = 10'000;

class TargetIndex {
  public:
    struct Entry {
        flow::TargetId id;
        bool is_new;
    };

    /// The number of `key`, counted from 0; nothing if it is new and there are targets_max already.
    [[nodiscard]] std::optional<Entry> find_or_add(std::string_view key) {
        if (auto const found = ids_.find(key); found != ids_.end())
            return Entry{found->second, false};
        if (ids_.size() == targets_max) return std::nullopt;
        auto const id = static_cast<flow::TargetId>(ids_.size());
        ids_.emplace(key, id);
        return Entry{id, true};
    }

  private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view key) const noexcept {
            return std::hash<std::string_view>{}(key);
        }
    };
    std::unordered_map<std::string, flow::TargetId, Hash, std::equal_to<>> ids_;
};

}  // namespace headrace::sinks
