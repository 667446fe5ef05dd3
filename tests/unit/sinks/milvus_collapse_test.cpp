#include "sinks/milvus_collapse.hpp"

#include "base/hash.hpp"
#include "base/random.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstring>
#include <map>

namespace headrace::sinks {
namespace {

std::vector<std::uint32_t> last_of_each(MilvusCollapse& collapse,
                                        std::vector<std::string> const& keys) {
    collapse.clear();
    for (auto const& key : keys) {
        collapse.text() += key;
        collapse.add();
    }
    std::vector<std::uint32_t> effective;
    collapse.find_last_of_each(effective);
    return effective;
}

TEST_CASE("the last of equal keys is kept, in order") {
    MilvusCollapse collapse;
    CHECK(last_of_each(collapse, {}).empty());
    CHECK(last_of_each(collapse, {"a"}) == std::vector<std::uint32_t>{0});
    CHECK(last_of_each(collapse, {"a", "b", "a", "c", "b"}) == std::vector<std::uint32_t>{2, 3, 4});
    CHECK(last_of_each(collapse, {"", "", "a"}) == std::vector<std::uint32_t>{1, 2});
}

TEST_CASE("keys are told apart exactly, not by how they join") {
    MilvusCollapse collapse;
    CHECK(last_of_each(collapse, {"ab", "c", "a", "bc"}).size() == 4);
    CHECK(last_of_each(collapse, {"1", "11", "111"}).size() == 3);
}

/// A second key of 16 bytes with the hash of `first`, made by undoing what hash_bytes does with the
/// first word.
std::string colliding_with(std::string const& first, std::uint64_t other_word) {
    std::uint64_t words[2];
    std::memcpy(words, first.data(), 16);
    auto const after_word = [](std::uint64_t word) {
        std::uint64_t const hash = ((0xCBF29CE484222325U + 16) ^ word) * 0x9FB21C651E98DF25U;
        return hash ^ (hash >> 32);
    };
    words[1] ^= after_word(words[0]) ^ after_word(other_word);
    words[0] = other_word;
    return {reinterpret_cast<char const*>(words), 16};
}

TEST_CASE("different keys with one hash are both kept") {
    std::string const first = "0123456789abcdef";
    std::string const second = colliding_with(first, 77);
    REQUIRE(first != second);
    REQUIRE(hash_bytes(first, 0) == hash_bytes(second, 0));
    MilvusCollapse collapse;
    CHECK(last_of_each(collapse, {first, second, first}) == std::vector<std::uint32_t>{1, 2});
}

TEST_CASE("random keys agree with a plain map") {
    MilvusCollapse collapse;
    Random random(8);
    for (int round = 0; round < 300; ++round) {
        std::vector<std::string> keys(random.next() % 200);
        for (auto& key : keys)
            key = std::to_string(random.next() % 60);
        std::map<std::string, std::uint32_t> last;
        for (std::uint32_t i = 0; i < keys.size(); ++i)
            last[keys[i]] = i;
        std::vector<std::uint32_t> expected;
        for (std::uint32_t i = 0; i < keys.size(); ++i) {
            if (last[keys[i]] == i) expected.push_back(i);
        }
        CHECK(last_of_each(collapse, keys) == expected);
    }
}

}  // namespace
}  // namespace headrace::sinks
