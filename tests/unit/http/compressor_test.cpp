#include "http/compressor.hpp"

#include "http/decompress.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace headrace::http {
namespace {

constexpr std::size_t plenty = 64U << 20;

std::string clicks(std::size_t count) {
    std::string text = "[";
    for (std::size_t i = 0; i < count; ++i) {
        text += R"({"record":{"user_id":"u)" + std::to_string(i * 7919 % 1000) + R"(","page":"/p)" +
                std::to_string(i) + R"("}},)";
    }
    text.back() = ']';
    return text;
}

/// Bytes without any order (splitmix64).
std::string noise(std::size_t size) {
    std::string text;
    for (std::uint64_t i = 0; text.size() < size; ++i) {
        std::uint64_t z = i * 0x9E3779B97F4A7C15U;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
        text += static_cast<char>((z ^ (z >> 27)) >> 56);
    }
    return text;
}

}  // namespace

TEST_CASE("what was compressed comes out again, at every level and one body after the other") {
    auto const coding = GENERATE(ContentCoding::gzip, ContentCoding::zstd);
    std::string packed;
    for (int level = 0; level <= compression_level_max(coding); ++level) {
        CAPTURE(to_string(coding), level);
        Compressor compressor({.coding = coding, .level = level});
        CHECK(compressor.coding() == coding);
        for (auto const& body : {clicks(3000), clicks(30), std::string(500'000, ' ')}) {
            REQUIRE(compressor.compress(body, packed));
            CHECK(packed.size() < body.size());
            auto const plain = decompress(coding, packed, plenty);
            REQUIRE(plain);
            CHECK(*plain == body);
        }
    }
}

TEST_CASE("a body that would not become shorter is said to be so") {
    auto const coding = GENERATE(ContentCoding::gzip, ContentCoding::zstd);
    Compressor compressor({.coding = coding, .level = 1});
    std::string packed;
    CHECK_FALSE(compressor.compress(noise(10'000), packed));
    CHECK_FALSE(compressor.compress("{}", packed));
    CHECK_FALSE(compressor.compress("", packed));
    CHECK(compressor.compress(clicks(100), packed));
}

TEST_CASE("a compressor says what its context takes and the output's memory is used again") {
    auto const coding = GENERATE(ContentCoding::gzip, ContentCoding::zstd);
    Compressor compressor({.coding = coding, .level = 1});
    std::string packed;
    auto const body = clicks(3000);
    REQUIRE(compressor.compress(body, packed));
    auto const context = compressor.bytes();
    auto const* const memory = packed.data();
    CHECK(context > 100'000);
    CHECK(context < 4'000'000);
    for (int i = 0; i < 300; ++i) {
        REQUIRE(compressor.compress(body, packed));
    }
    CHECK(compressor.bytes() == context);
    CHECK(packed.data() == memory);
}

}  // namespace headrace::http
