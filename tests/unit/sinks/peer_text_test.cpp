#include "sinks/peer_text.hpp"

#include "base/json.hpp"
#include "base/random.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::sinks {
namespace {

TEST_CASE("control characters and runs of white space become one space") {
    CHECK(clean_peer_text(" a\r\n\t b\x1B[31m\x7F c\xC2\x9B"
                          "d ",
                          "") == "a b [31m c d");
    CHECK(clean_peer_text("", "") == "");
    CHECK(clean_peer_text("\n\n", "") == "");
}

TEST_CASE("bytes that are not UTF-8 are replaced and characters are never cut") {
    CHECK(clean_peer_text("a\xFF"
                          "b",
                          "") ==
          "a\xEF\xBF\xBD"
          "b");
    std::string euros;
    for (int i = 0; i < 1000; ++i)
        euros += "\xE2\x82\xAC";
    auto const cut = clean_peer_text(euros, "");
    CHECK(cut.size() == 1023);
    CHECK(is_utf8(cut));
}

TEST_CASE("a credential that the peer echoes is blanked out, wherever it stands") {
    CHECK(clean_peer_text("key abcd1234 is bad, abcd1234!", "abcd1234") ==
          "key [redacted] is bad, [redacted]!");
    CHECK(clean_peer_text("user root, password hunter2hunter2", "root:hunter2hunter2") ==
          "user root, password [redacted]");
    CHECK(clean_peer_text("root:hunter2hunter2", "root:hunter2hunter2") == "[redacted]");
}

TEST_CASE("a short credential or a common word as password leaves the text readable") {
    CHECK(clean_peer_text("Milvus Proxy is not ready", "root:Milvus") ==
          "Milvus Proxy is not ready");
    CHECK(clean_peer_text("a bad day", "a") == "a bad day");
    CHECK(clean_peer_text("text", "") == "text");
}

TEST_CASE("any bytes become short clean text") {
    Random random(4);
    for (int i = 0; i < 3000; ++i) {
        std::string text(random.next() % 3000, ' ');
        for (char& c : text)
            c = static_cast<char>(random.next());
        auto const clean = clean_peer_text(text, "secret-key");
        CHECK(clean.size() <= peer_text_bytes_max);
        CHECK(is_utf8(clean));
    }
}

}  // namespace
}  // namespace headrace::sinks
