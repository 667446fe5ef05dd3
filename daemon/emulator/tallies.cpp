#include "emulator/tallies.hpp"

#include <algorithm>
#include <charconv>

namespace headrace::emulator {
namespace {

/// Rounds down, also below zero.
std::int64_t page_of(std::int64_t id, std::int64_t size) {
    return id >= 0 ? id / size : -1 - (-1 - id) / size;
}

}  // namespace

void IdTally::add(std::int64_t id) {
    auto const number = page_of(id, page_size);
    auto& page = pages_[number];
    if (!page) page = std::make_unique<Page>();
    auto& times = (*page)[static_cast<std::size_t>(id - number * page_size)];
    if (times++ == 0) ++distinct_;
    ++total_;
}

void IdTally::add(std::string_view id) {
    if (texts_[std::string(id)]++ == 0) ++distinct_;
    ++total_;
}

void IdTally::add_any(std::string_view id) {
    std::int64_t number = 0;
    auto const [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
    if (error == std::errc{} && end == id.data() + id.size()) {
        add(number);
    } else {
        add(id);
    }
}

std::uint32_t IdTally::times(std::int64_t id) const {
    auto const number = page_of(id, page_size);
    auto const page = pages_.find(number);
    if (page == pages_.end()) return 0;
    return (*page->second)[static_cast<std::size_t>(id - number * page_size)];
}

std::uint32_t IdTally::times(std::string_view id) const {
    auto const found = texts_.find(std::string(id));
    return found == texts_.end() ? 0 : found->second;
}

IdTally::Missing IdTally::missing(std::int64_t count, std::size_t limit) const {
    Missing missing;
    for (std::int64_t id = 0; id < count; ++id) {
        if (times(id) != 0) continue;
        ++missing.total;
        if (missing.first.size() < limit) missing.first.push_back(id);
    }
    return missing;
}

Ticket InProgress::begin(std::vector<std::uint64_t> keys, bool stalled) {
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    for (auto const key : keys) {
        auto& users = keys_[key];
        if (users.live != 0) {
            ++keys_at_once_;
        } else if (users.stalled != 0) {
            ++keys_at_once_stalled_;
        }
        ++(stalled ? users.stalled : users.live);
    }
    Ticket const ticket = next_++;
    requests_.emplace(ticket, Request{std::move(keys), stalled});
    greatest_ = std::max(greatest_, requests_.size());
    return ticket;
}

void InProgress::finish(Ticket ticket) {
    auto const request = requests_.find(ticket);
    if (request == requests_.end()) return;
    for (auto const key : request->second.keys) {
        auto const users = keys_.find(key);
        --(request->second.stalled ? users->second.stalled : users->second.live);
        if (users->second.live == 0 && users->second.stalled == 0) keys_.erase(users);
    }
    requests_.erase(request);
}

void InProgress::reset() {
    greatest_ = requests_.size();
    keys_at_once_ = 0;
    keys_at_once_stalled_ = 0;
}

}  // namespace headrace::emulator
