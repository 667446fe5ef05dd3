#include "base/backoff.hpp"

#include <algorithm>

namespace headrace {

Duration Backoff::wait(unsigned retries_before, Random& random) const noexcept {
    auto bound = static_cast<double>(initial.count());
    auto const limit = static_cast<double>(max.count());
    for (unsigned i = 0; i < retries_before && bound < limit; ++i) {
        bound *= 2;
    }
    return Duration(static_cast<Duration::rep>(std::min(bound, limit) * random.unit()));
}

Duration spread(Duration wait, double share, Random& random) noexcept {
    double const factor = 1.0 + share * (2.0 * random.unit() - 1.0);
    return Duration(static_cast<Duration::rep>(static_cast<double>(wait.count()) * factor));
}

}  // namespace headrace
