#include "simulation/timeline.hpp"

#include <algorithm>
#include <utility>

namespace headrace::simulation {

void Timeline::at(TimePoint when, Action action) {
    events_.push_back(Event{std::max(when, now_), ties_.next(), std::move(action)});
    std::push_heap(events_.begin(), events_.end());
}

bool Timeline::step() {
    if (events_.empty()) return false;
    std::pop_heap(events_.begin(), events_.end());
    auto event = std::move(events_.back());
    events_.pop_back();
    now_ = event.when;
    event.action();
    return true;
}

}  // namespace headrace::simulation
