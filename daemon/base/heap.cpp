#include "base/heap.hpp"

// Any header of the C library says which one it is.
#include <cstdlib>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace headrace {

void give_back_large_buffers() noexcept {
#if defined(__GLIBC__)
    // Setting the threshold also ends its growth. It keeps its value when that fails.
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
#endif
}

}  // namespace headrace
