#include "base/hash.hpp"

#include <catch2/catch_test_macros.hpp>

#include <set>
#include <string>

namespace headrace {
namespace {

TEST_CASE("equal bytes and seeds give equal hashes, other seeds other hashes") {
    CHECK(hash_bytes("abc", 1) == hash_bytes(std::string("abc"), 1));
    CHECK(hash_bytes("abc", 1) != hash_bytes("abc", 2));
    CHECK(hash_bytes("", 1) != hash_bytes("", 2));
}

TEST_CASE("length counts, zero bytes included") {
    std::set<std::uint64_t> hashes;
    std::string bytes;
    for (int i = 0; i < 40; ++i) {
        hashes.insert(hash_bytes(bytes, 9));
        bytes.push_back('\0');
    }
    CHECK(hashes.size() == 40);
}

TEST_CASE("a hundred thousand keys have no collision and fill the low bits evenly") {
    std::set<std::uint64_t> hashes;
    std::size_t odd = 0;
    for (int i = 0; i < 100'000; ++i) {
        std::uint64_t const hash = hash_bytes("user-" + std::to_string(i), 0);
        odd += hash & 1U;
        hashes.insert(hash);
    }
    CHECK(hashes.size() == 100'000);
    CHECK(odd > 49'000);
    CHECK(odd < 51'000);
}

}  // namespace
}  // namespace headrace
