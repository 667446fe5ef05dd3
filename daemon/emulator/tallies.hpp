// Counters that only an oracle needs: which record ids came how often, and which keys were in two
// requests at once. Used by both emulators. Thread safety: they belong to their emulator.
#pragma once

#include "emulator/reply.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace headrace::emulator {

/// Record ids with their multiplicity: whole numbers compactly, other texts one by one.
class IdTally {
  public:
    void add(std::int64_t id);
    void add(std::string_view id);
    /// As a whole number if the text is one.
    void add_any(std::string_view id);

    [[nodiscard]] std::uint64_t distinct() const { return distinct_; }
    /// Times that an id came again.
    [[nodiscard]] std::uint64_t duplicates() const { return total_ - distinct_; }
    [[nodiscard]] std::uint32_t times(std::int64_t id) const;
    [[nodiscard]] std::uint32_t times(std::string_view id) const;
    /// The ids in [0, count) that never came, at most `limit` of them; `total` is their number.
    struct Missing {
        std::uint64_t total = 0;
        std::vector<std::int64_t> first;
    };
    [[nodiscard]] Missing missing(std::int64_t count, std::size_t limit) const;

  private:
    static constexpr std::int64_t page_size = 256;
    using Page = std::array<std::uint32_t, page_size>;

    std::unordered_map<std::int64_t, std::unique_ptr<Page>> pages_;
    std::unordered_map<std::string, std::uint32_t> texts_;
    std::uint64_t distinct_ = 0;
    std::uint64_t total_ = 0;
};

/// Requests in progress, and the keys in them. A request that is stalled on purpose is counted
/// apart: its client may have given it up, so that its keys may rightly be in another request.
class InProgress {
  public:
    /// `keys` are hashes, in any order, repeated ones included.
    Ticket begin(std::vector<std::uint64_t> keys, bool stalled);
    void finish(Ticket ticket);

    [[nodiscard]] std::size_t now() const { return requests_.size(); }
    [[nodiscard]] std::size_t greatest() const { return greatest_; }
    /// Times that a key came while another request with it was in progress.
    [[nodiscard]] std::uint64_t keys_at_once() const { return keys_at_once_; }
    [[nodiscard]] std::uint64_t keys_at_once_stalled() const { return keys_at_once_stalled_; }
    /// Forgets the figures, not the requests in progress.
    void reset();

  private:
    struct Request {
        std::vector<std::uint64_t> keys;
        bool stalled;
    };
    struct Users {
        std::uint32_t live = 0;
        std::uint32_t stalled = 0;
    };

    std::unordered_map<Ticket, Request> requests_;
    std::unordered_map<std::uint64_t, Users> keys_;
    Ticket next_ = 1;
    std::size_t greatest_ = 0;
    std::uint64_t keys_at_once_ = 0;
    std::uint64_t keys_at_once_stalled_ = 0;
};

}  // namespace headrace::emulator
