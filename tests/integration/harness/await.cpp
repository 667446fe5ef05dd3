#include "harness/await.hpp"

#include <poll.h>

namespace headrace::integration {
namespace {

constexpr int look_again_ms = 10;

}  // namespace

bool await(std::function<bool()> const& condition, Duration limit) {
    SystemClock const clock;
    auto const deadline = clock.now() + limit;
    while (!condition()) {
        if (clock.now() >= deadline) return false;
        ::poll(nullptr, 0, look_again_ms);
    }
    return true;
}

}  // namespace headrace::integration
