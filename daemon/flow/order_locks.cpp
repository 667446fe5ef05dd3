#include "flow/order_locks.hpp"

#include <cassert>
#include <utility>

namespace headrace::flow {
namespace {

/// REQUIRES: both are of one slot.
[[nodiscard]] bool is_before(Ticket const& one, Ticket const& other) noexcept {
    return std::pair(one.epoch, one.sequence) < std::pair(other.epoch, other.sequence);
}

}  // namespace

bool OrderLocks::try_join(std::uint64_t hash, BatchId batch) {
    auto [entry, is_new] = table_.try_emplace(hash);
    Lock& lock = entry->second;
    bool const stands_there = lock.open == 0 || (batch != 0 && lock.batch == batch);
    if (!is_new && (lock.first != none || !stands_there)) return false;
    lock.batch = batch;
    ++lock.open;
    return true;
}

void OrderLocks::lock(std::uint64_t hash, BatchId batch) {
    auto [entry, is_new] = table_.try_emplace(hash);
    if (is_new || entry->second.open == 0) {
        entry->second.batch = batch;
    } else if (entry->second.batch != batch) {
        // Open in two places at once (a refused record beside a batch): nobody may join either.
        entry->second.batch = 0;
    }
    ++entry->second.open;
}

void OrderLocks::disown(std::uint64_t hash) {
    if (auto const found = table_.find(hash); found != table_.end()) found->second.batch = 0;
}

void OrderLocks::move(std::uint64_t hash, BatchId batch) {
    auto const found = table_.find(hash);
    assert(found != table_.end() && found->second.open == 1);
    found->second.batch = batch;
}

std::uint32_t OrderLocks::open(std::uint64_t hash) const {
    auto const found = table_.find(hash);
    return found == table_.end() ? 0 : found->second.open;
}

void OrderLocks::wait(Record record) {
    auto const found = table_.find(record.order_hash);
    assert(found != table_.end());
    auto const index = take_node(std::move(record));
    Lock& lock = found->second;
    if (lock.first == none) {
        lock.first = index;
    } else {
        nodes_[lock.last].next = index;
    }
    lock.last = index;
    ++waiting_;
}

void OrderLocks::wait_first(Record record) {
    auto const found = table_.find(record.order_hash);
    assert(found != table_.end() && found->second.open != 0);
    auto const index = take_node(std::move(record));
    Lock& lock = found->second;
    --lock.open;
    ++waiting_;
    // Of its partition some that wait may come before it: they went for another target's sake.
    auto const& ticket = nodes_[index].record.ticket;
    auto before = none;
    for (auto at = lock.first; at != none; at = nodes_[at].next) {
        auto const& other = nodes_[at].record.ticket;
        if (other.slot != ticket.slot) continue;
        if (is_before(ticket, other)) break;
        before = at;
    }
    auto& link = before == none ? lock.first : nodes_[before].next;
    nodes_[index].next = link;
    link = index;
    if (lock.last == before) lock.last = index;
}

bool OrderLocks::has_earlier_waiting(Record const& record) const {
    auto const found = table_.find(record.order_hash);
    if (found == table_.end()) return false;
    for (auto at = found->second.first; at != none; at = nodes_[at].next) {
        auto const& other = nodes_[at].record.ticket;
        if (other.slot == record.ticket.slot) return is_before(other, record.ticket);
    }
    return false;
}

bool OrderLocks::unlock(std::uint64_t hash) {
    auto const found = table_.find(hash);
    assert(found != table_.end() && found->second.open != 0);
    Lock& lock = found->second;
    if (--lock.open != 0) return false;
    if (lock.first != none) return true;
    table_.erase(found);
    return false;
}

Record const* OrderLocks::first(std::uint64_t hash) const {
    auto const found = table_.find(hash);
    if (found == table_.end() || found->second.first == none) return nullptr;
    return &nodes_[found->second.first].record;
}

bool OrderLocks::first_may_join(std::uint64_t hash, BatchId batch) const {
    auto const found = table_.find(hash);
    return found != table_.end() && found->second.first != none &&
           (found->second.open == 0 || found->second.batch == batch);
}

Record OrderLocks::take_first(std::uint64_t hash) {
    auto const found = table_.find(hash);
    assert(found != table_.end() && found->second.first != none);
    auto const index = found->second.first;
    found->second.first = nodes_[index].next;
    if (found->second.first == none) found->second.last = none;
    Record record = std::move(nodes_[index].record);
    free_node(index);
    --waiting_;
    return record;
}

void OrderLocks::settle_empty(std::uint64_t hash) {
    auto const found = table_.find(hash);
    if (found != table_.end() && found->second.open == 0 && found->second.first == none) {
        table_.erase(found);
    }
}

void OrderLocks::remove_waiting(std::function<bool(Record const&)> const& predicate,
                                std::vector<Record>& out) {
    for (auto& [hash, lock] : table_) {
        auto index = std::exchange(lock.first, none);
        lock.last = none;
        while (index != none) {
            auto const following = std::exchange(nodes_[index].next, none);
            if (predicate(nodes_[index].record)) {
                out.push_back(std::move(nodes_[index].record));
                free_node(index);
                --waiting_;
            } else {
                if (lock.first == none) {
                    lock.first = index;
                } else {
                    nodes_[lock.last].next = index;
                }
                lock.last = index;
            }
            index = following;
        }
    }
}

void OrderLocks::detach_old() {
    auto left = waiting_;
    for (auto node = nodes_.begin(); left != 0 && node != nodes_.end(); ++node) {
        if (!node->record.handle.has_value()) continue;
        if (node->is_old) node->record.detach();
        node->is_old = true;
        --left;
    }
}

std::uint32_t OrderLocks::take_node(Record record) {
    if (free_ == none) {
        nodes_.push_back(Node{std::move(record)});
        return static_cast<std::uint32_t>(nodes_.size() - 1);
    }
    auto const index = free_;
    free_ = nodes_[index].next;
    nodes_[index] = Node{std::move(record)};
    return index;
}

void OrderLocks::free_node(std::uint32_t index) {
    nodes_[index].record = Record{};
    nodes_[index].next = free_;
    free_ = index;
}

}  // namespace headrace::flow
