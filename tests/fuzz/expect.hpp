// What a fuzz target asserts: unlike assert() it holds in every build.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <source_location>

namespace headrace::fuzz {

inline void expect(bool holds, std::source_location where = std::source_location::current()) {
    if (holds) return;
    std::fprintf(stderr, "%s:%u: an expectation does not hold\n", where.file_name(),
                 static_cast<unsigned>(where.line()));
    std::abort();
}

}  // namespace headrace::fuzz
