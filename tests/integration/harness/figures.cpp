#include "harness/figures.hpp"

#include <cstdio>
#include <cstdlib>

namespace headrace::integration {

void figure(std::string const& name, double value, std::string const& unit) {
    // More digits than 10 are no measurement, and whole numbers stay whole.
    std::printf("FIGURE %s %.10g %s\n", name.c_str(), value, unit.c_str());
    std::fflush(stdout);
}

std::int64_t sized(std::int64_t brief, std::int64_t lengthy) {
    return std::getenv("HEADRACE_SOAK") != nullptr ? lengthy : brief;
}

}  // namespace headrace::integration
