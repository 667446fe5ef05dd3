#include "sinks/milvus_collapse.hpp"

#include "base/hash.hpp"

#include <bit>

namespace headrace::sinks {

void MilvusCollapse::clear() {
    text_.clear();
    keys_.clear();
}

void MilvusCollapse::add() {
    std::size_t const begin = keys_.empty() ? 0 : keys_.back().begin + keys_.back().size;
    Key key{.begin = begin, .size = text_.size() - begin, .hash = 0};
    key.hash = hash_bytes(view(key), 0);
    keys_.push_back(key);
}

void MilvusCollapse::find_last_of_each(std::vector<std::uint32_t>& effective) {
    std::size_t const size = std::bit_ceil(keys_.size() * 2 + 1);
    slots_.assign(size, 0);
    is_superseded_.assign(keys_.size(), false);
    // From the last to the first: the first one met is the one to keep.
    for (std::size_t i = keys_.size(); i-- > 0;) {
        std::size_t slot = keys_[i].hash & (size - 1);
        while (slots_[slot] != 0) {
            Key const& later = keys_[slots_[slot] - 1];
            if (later.hash == keys_[i].hash && view(later) == view(keys_[i])) break;
            slot = (slot + 1) & (size - 1);
        }
        if (slots_[slot] != 0) {
            is_superseded_[i] = true;
        } else {
            slots_[slot] = static_cast<std::uint32_t>(i) + 1;
        }
    }
    for (std::uint32_t i = 0; i < keys_.size(); ++i) {
        if (!is_superseded_[i]) effective.push_back(i);
    }
}

}  // namespace headrace::sinks
