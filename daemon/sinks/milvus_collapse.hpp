// Finds, among rows of one request, those whose key comes again later: only the last is sent. Keys
// are compared exactly; the hash only saves comparisons. Used by the Milvus dialect. Pure, but for
// memory that is used again. Thread safety: an instance belongs to its worker's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::sinks {

class MilvusCollapse {
  public:
    /// Forgets all keys.
    void clear();

    /// Where the next row's key in its one form is to be appended.
    [[nodiscard]] std::string& text() noexcept { return text_; }

    /// Closes the key that was appended to text(). REQUIRES: once per row, in order.
    void add();

    /// Appends the indices of the rows that no later row supersedes, in order.
    void find_last_of_each(std::vector<std::uint32_t>& effective);

  private:
    struct Key {
        std::size_t begin;
        std::size_t size;
        std::uint64_t hash;
    };
    [[nodiscard]] std::string_view view(Key const& key) const {
        return std::string_view(text_).substr(key.begin, key.size);
    }

    std::string text_;
    std::vector<Key> keys_;
    std::vector<std::uint32_t> slots_;  ///< Open addressing: index + 1, 0 is free.
    std::vector<bool> is_superseded_;
};

}  // namespace headrace::sinks
