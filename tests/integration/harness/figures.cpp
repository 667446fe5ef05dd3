#include "harness/figures.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace headrace::integration {

void figure(std::string const& name, double value, std::string const& unit) {
    // Whole numbers stay whole; more than three decimals are no measurement.
    std::printf("FIGURE %s %.10g %s\n", name.c_str(), std::round(value * 1000) / 1000,
                unit.c_str());
    std::fflush(stdout);
}

std::int64_t sized(std::int64_t brief, std::int64_t lengthy) {
    return std::getenv("HEADRACE_SOAK") != nullptr ? lengthy : brief;
}

}  // namespace headrace::integration
