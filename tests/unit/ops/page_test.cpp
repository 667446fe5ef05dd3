#include "ops/page.hpp"

#include <catch2/catch_test_macros.hpp>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <string>

namespace headrace::ops {
namespace {

/// What stands between `open` and `close`, which are there exactly once.
std::string between(std::string_view text, std::string_view open, std::string_view close) {
    auto const begin = text.find(open);
    auto const end = text.find(close);
    REQUIRE(begin != std::string_view::npos);
    REQUIRE(end != std::string_view::npos);
    REQUIRE(text.rfind(open) == begin);
    REQUIRE(text.rfind(close) == end);
    return std::string(text.substr(begin + open.size(), end - begin - open.size()));
}

std::string hash_source(std::string const& text) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<unsigned char const*>(text.data()), text.size(), digest.data());
    std::array<unsigned char, 64> base64{};
    int const length = EVP_EncodeBlock(base64.data(), digest.data(), int{SHA256_DIGEST_LENGTH});
    return "'sha256-" +
           std::string(reinterpret_cast<char const*>(base64.data()),
                       static_cast<std::size_t>(length)) +
           "'";
}

}  // namespace

TEST_CASE("the policy lets exactly the page's own style and script run") {
    std::string const& policy = page_security_policy();
    auto const page = page_html();
    CHECK(policy.find("style-src " + hash_source(between(page, "<style>", "</style>")) + ";") !=
          std::string::npos);
    CHECK(policy.find("script-src " + hash_source(between(page, "<script>", "</script>")) + ";") !=
          std::string::npos);
    CHECK(policy.starts_with("default-src 'none'; connect-src 'self';"));
    CHECK(policy.find("unsafe") == std::string::npos);
}

TEST_CASE("the page needs no file from outside") {
    std::string const page(page_html());
    CHECK(page.find("src=") == std::string::npos);
    CHECK(page.find("@import") == std::string::npos);
    CHECK(page.find("url(") == std::string::npos);
    // The one address in it names SVG's vocabulary and is never fetched.
    auto const address = page.find("http");
    CHECK(page.substr(address).starts_with("http://www.w3.org/2000/svg\""));
    CHECK(page.find("http:", address + 1) == std::string::npos);
    CHECK(page.find("https:") == std::string::npos);
}

TEST_CASE("the page never takes text for HTML") {
    std::string const script = between(page_html(), "<script>", "</script>");
    for (auto const* way : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write",
                            "eval(", "new Function", ".style."}) {
        CAPTURE(way);
        CHECK(script.find(way) == std::string::npos);
    }
}

TEST_CASE("the page knows dark and light, and what to say without an answer") {
    std::string const page(page_html());
    CHECK(page.find("prefers-color-scheme: dark") != std::string::npos);
    CHECK(page.find("The daemon has not answered since ") != std::string::npos);
    CHECK(page.find("@page_") == std::string::npos);
    CHECK(page.starts_with("<!doctype html>\n"));
    CHECK(page.ends_with("</html>\n"));
}

}  // namespace headrace::ops
