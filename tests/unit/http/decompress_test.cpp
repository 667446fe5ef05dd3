#include "http/decompress.hpp"

#include "base/random.hpp"
#include "http/compressor.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace headrace::http {
namespace {

constexpr std::size_t plenty = 64U << 20;

std::string pack(ContentCoding coding, std::string_view body) {
    std::string packed;
    Compressor compressor({.coding = coding, .level = 0});
    REQUIRE(compressor.compress(body, packed));
    return packed;
}

ErrorCode code_of(ContentCoding coding, std::string_view body, std::size_t bytes_max = plenty) {
    auto const plain = decompress(coding, body, bytes_max);
    REQUIRE_FALSE(plain);
    return plain.error().code;
}

ServerRequest request(std::string coding, std::string body) {
    ServerRequest request;
    request.headers = {{"Host", "h"}, {"content-encoding", std::move(coding)}};
    request.body = std::move(body);
    return request;
}

int refused(std::string coding, std::string body, std::size_t bytes_max = plenty) {
    auto what = request(std::move(coding), std::move(body));
    auto const response = decode_body(what, bytes_max);
    return response ? response->status : 0;
}

}  // namespace

TEST_CASE("a body that is cut off anywhere is refused") {
    auto const coding = GENERATE(ContentCoding::gzip, ContentCoding::zstd);
    auto const packed = pack(coding, std::string(2000, 'a') + "bcdefgh" + std::string(500, 'i'));
    for (std::size_t size = 0; size < packed.size(); ++size) {
        CAPTURE(size);
        CHECK(code_of(coding, std::string_view(packed).substr(0, size)) ==
              ErrorCode::invalid_argument);
    }
}

TEST_CASE("what stands behind the end is refused, another whole body is not") {
    auto const coding = GENERATE(ContentCoding::gzip, ContentCoding::zstd);
    std::string const body(5000, 'a');
    auto const packed = pack(coding, body);
    CHECK(code_of(coding, packed + "more") == ErrorCode::invalid_argument);
    CHECK(code_of(coding, packed + std::string(40, '\0')) == ErrorCode::invalid_argument);
    CHECK(*decompress(coding, packed + packed, plenty) == body + body);
}

TEST_CASE("damaged and random bytes are refused or give a body, and nothing worse") {
    auto const coding = GENERATE(ContentCoding::gzip, ContentCoding::zstd);
    auto const packed = pack(coding, std::string(3000, 'a') + R"({"b":[1,2,3]})");
    Random random(7);
    for (int i = 0; i < 2000; ++i) {
        auto damaged = packed;
        for (auto changes = random.next() % 4 + 1; changes != 0; --changes) {
            damaged[random.next() % damaged.size()] = static_cast<char>(random.next());
        }
        auto const plain = decompress(coding, damaged, 10'000);
        if (plain) CHECK(plain->size() <= 10'000);
    }
    CHECK(code_of(coding, "this is not compressed at all") == ErrorCode::invalid_argument);
    CHECK(code_of(coding, "") == ErrorCode::invalid_argument);
}

TEST_CASE("a small body that stands for a large one is refused at the limit") {
    auto const coding = GENERATE(ContentCoding::gzip, ContentCoding::zstd);
    constexpr std::size_t limit = 100'000;
    auto const bomb = pack(coding, std::string(50U << 20, '\0'));
    CHECK(bomb.size() < 300'000);
    CHECK(code_of(coding, bomb, limit) == ErrorCode::too_large);
    CHECK(code_of(coding, pack(coding, std::string(limit + 1, 'a')), limit) ==
          ErrorCode::too_large);
    CHECK(decompress(coding, pack(coding, std::string(limit, 'a')), limit)->size() == limit);
}

TEST_CASE("a request's body is unpacked and its header taken away") {
    auto const coding = GENERATE(ContentCoding::gzip, ContentCoding::zstd);
    std::string const body(3000, 'x');
    auto what = request(std::string(to_string(coding)), pack(coding, body));
    CHECK_FALSE(decode_body(what, plenty));
    CHECK(what.body == body);
    CHECK(what.header("Content-Encoding").empty());
    CHECK(what.header("Host") == "h");
}

TEST_CASE("bodies that cannot be unpacked are answered by status") {
    auto const gzip = pack(ContentCoding::gzip, std::string(3000, 'x'));
    CHECK(refused("GZIP", gzip) == 0);
    CHECK(refused("x-gzip", gzip) == 0);
    CHECK(refused("identity", "plain") == 0);
    CHECK(refused("gzip", "plain") == 400);
    CHECK(refused("zstd", gzip) == 400);
    CHECK(refused("gzip", gzip, 2999) == 413);
    for (auto const* const coding : {"br", "deflate", "gzip, gzip", "gzip,zstd", "*", " "}) {
        CAPTURE(coding);
        CHECK(refused(coding, gzip) == 415);
    }
    auto twice = request("gzip", gzip);
    twice.headers.emplace_back("Content-Encoding", "gzip");
    auto const response = decode_body(twice, plenty);
    REQUIRE(response);
    CHECK(response->status == 415);
    CHECK(response->headers ==
          std::vector<std::pair<std::string, std::string>>{{"Accept-Encoding", "gzip, zstd"}});
}

}  // namespace headrace::http
