#include "config/file_change.hpp"

#include <utility>

namespace headrace::config {

bool FileChange::look(Content const& content) {
    auto state = state_of(content);
    bool const is_same = state == seen_;
    seen_ = std::move(state);
    if (!is_same || seen_ == known_) return false;
    known_ = seen_;
    return true;
}

}  // namespace headrace::config
