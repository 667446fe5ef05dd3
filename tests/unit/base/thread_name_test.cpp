#include "base/thread_name.hpp"

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <pthread.h>
#include <thread>

namespace headrace {
namespace {

/// What the system calls a thread that named itself so.
std::string seen_name(std::string_view prefix, std::string_view name) {
    std::array<char, 32> seen{};
    std::thread([&] {
        name_thread(prefix, name);
        ::pthread_getname_np(::pthread_self(), seen.data(), seen.size());
    }).join();
    return seen.data();
}

}  // namespace

TEST_CASE("a thread goes by the name that it gave itself") {
    CHECK(seen_name("hr-worker-0", "") == "hr-worker-0");
    CHECK(seen_name("hr:", "clicks") == "hr:clicks");
}

TEST_CASE("a thread's name that is too long keeps its beginning and its end") {
    CHECK(fit_thread_name("hr:", "twelve-bytes") == "hr:twelve-bytes");
    CHECK(fit_thread_name("hr:", "production-clicks") == "hr:produ~clicks");
    CHECK(fit_thread_name("hr:", "production-orders") == "hr:produ~orders");
    CHECK(seen_name("hr:", std::string(500, 'x')).size() == thread_name_bytes_max);
}

TEST_CASE("a thread's prefix leaves what room there is to the name") {
    CHECK(fit_thread_name("a-long-prefix:", "clicks") == "a-long-prefix:c");
    CHECK(fit_thread_name("sixteen-bytes-xx", "clicks") == "sixteen-bytes-x");
}

}  // namespace headrace
