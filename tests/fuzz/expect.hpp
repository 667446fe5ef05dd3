// What a fuzz target asserts: unlike assert() it holds in every build. The fuzzer and the
// sanitizers print where.
#pragma once

#include <cstdlib>

namespace headrace::fuzz {

inline void expect(bool holds) {
    if (!holds) std::abort();
}

}  // namespace headrace::fuzz
