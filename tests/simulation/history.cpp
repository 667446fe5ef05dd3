#include "simulation/history.hpp"

#include <cstdio>

namespace headrace::simulation {

void History::keep(std::string const& text) {
    auto const seconds = std::chrono::duration<double>(timeline_.elapsed()).count();
    char stamp[32];
    std::snprintf(stamp, sizeof stamp, "%12.6f  ", seconds);
    lines_.push_back(stamp + text);
}

}  // namespace headrace::simulation
