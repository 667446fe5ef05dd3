#include "http/response_reader.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <cstring>

namespace http = headrace::http;
using headrace::ErrorCode;
using headrace::Result;
using http::Progress;

namespace {

/// Feeds all bytes in pieces; stops when the answer is whole or bad.
Result<Progress> feed(http::ResponseReader& reader, std::string_view bytes, std::size_t piece) {
    Result<Progress> progress = Progress::more;
    while (!bytes.empty()) {
        auto const space = reader.space();
        REQUIRE_FALSE(space.empty());
        auto const count = std::min({piece, space.size(), bytes.size()});
        std::memcpy(space.data(), bytes.data(), count);
        bytes.remove_prefix(count);
        progress = reader.commit(count);
        if (!progress || *progress == Progress::done) return progress;
    }
    return progress;
}

constexpr std::size_t whole = static_cast<std::size_t>(-1);

}  // namespace

TEST_CASE("an answer is read alike in one piece and byte by byte") {
    struct Row {
        std::string bytes;
        int status;
        std::string body;
        bool reusable;
        bool ends_by_close = false;
    };
    auto const row = GENERATE(
        Row{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", true},
        Row{"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 404, "", true},
        Row{"HTTP/1.1 204 No Content\r\n\r\n", 204, "", true},
        Row{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", 200, "x", false},
        Row{"HTTP/1.1 200 OK\r\nTransfer-Encoding: "
            "chunked\r\n\r\n3\r\nabc\r\n1;x=y\r\nd\r\n0\r\n\r\n",
            200, "abcd", true},
        Row{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nStatus: 9\r\n\r\n", 200, "",
            true},
        Row{"HTTP/1.0 200 OK\r\n\r\nall of it", 200, "all of it", false, true},
        Row{"HTTP/1.1 200 OK\r\n\r\nall of it", 200, "all of it", false, true},
        Row{"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", 200, "ok",
            true},
        Row{"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok", false},
        Row{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
            "HTTP/1.1 429 Slow\r\nRetry-After: 3\r\nContent-Length: 1\r\n\r\n!",
            429, "!", true});
    auto const piece = GENERATE(whole, std::size_t{1}, std::size_t{7});
    http::ResponseReader reader(1 << 20);
    http::Response response;
    response.body = "what was there before";
    response.headers.resize(9);
    reader.begin(response);
    CHECK_FALSE(reader.has_begun());
    auto progress = feed(reader, row.bytes, piece);
    REQUIRE(progress);
    CHECK(reader.has_begun());
    CHECK((*progress == Progress::done) == !row.ends_by_close);
    if (row.ends_by_close) progress = reader.close();
    REQUIRE(progress);
    CHECK(*progress == Progress::done);
    CHECK(response.status == row.status);
    CHECK(response.body == row.body);
    CHECK(reader.is_reusable() == row.reusable);
    CHECK(response.header("Status") == std::nullopt);
    CHECK(response.header("Link") == std::nullopt);
    CHECK(reader.close());
}

TEST_CASE("an answer's headers replace those of the answer before") {
    http::ResponseReader reader(1 << 20);
    http::Response response;
    for (auto const* const value : {"a longer value than before", "b"}) {
        reader.begin(response);
        auto const text =
            "HTTP/1.1 200 OK\r\nX: " + std::string(value) + "\r\nContent-Length: 0\r\n\r\n";
        REQUIRE(feed(reader, text, whole));
        CHECK(response.headers.size() == 2);
        CHECK(response.header("x") == value);
    }
}

TEST_CASE("bytes after an answer make its connection useless") {
    http::ResponseReader reader(1 << 20);
    http::Response response;
    reader.begin(response);
    auto const progress =
        feed(reader, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 500 No\r\n\r\n", whole);
    REQUIRE(progress);
    CHECK(*progress == Progress::done);
    CHECK(response.status == 200);
    CHECK(response.body == "x");
    CHECK_FALSE(reader.is_reusable());
}

TEST_CASE("an answer whose end can be read in two ways is refused") {
    auto const* const fields =
        GENERATE("Content-Length: 3\r\nContent-Length: 4\r\n", "Content-Length: -1\r\n",
                 "Content-Length: 18446744073709551616\r\n", "Content-Length: 3, 4\r\n",
                 "Content-Length: 0x3\r\n", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
                 "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n");
    INFO(fields);
    http::ResponseReader reader(1 << 20);
    http::Response response;
    reader.begin(response);
    auto const progress =
        feed(reader, "HTTP/1.1 200 OK\r\n" + std::string(fields) + "\r\nabc", whole);
    REQUIRE_FALSE(progress);
    CHECK_FALSE(reader.is_reusable());
}

TEST_CASE("a chunk whose size is no number, or too large a one, is refused") {
    auto const* const size = GENERATE("x", "-1", "ffffffffffffffff1", "fffffffffffffff0", "");
    INFO(size);
    http::ResponseReader reader(1 << 20);
    http::Response response;
    reader.begin(response);
    auto const progress = feed(reader,
                               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
                                   std::string(size) + "\r\nabc\r\n0\r\n\r\n",
                               whole);
    REQUIRE_FALSE(progress);
}

TEST_CASE("204 and 304 have no body, whatever length they promise") {
    auto const* const status = GENERATE("204 No Content", "304 Not Modified");
    http::ResponseReader reader(1 << 20);
    http::Response response;
    reader.begin(response);
    auto const progress =
        feed(reader, "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 3\r\n\r\nabc", whole);
    REQUIRE(progress);
    CHECK(*progress == Progress::done);
    CHECK(response.body.empty());
    CHECK_FALSE(reader.is_reusable());
}

TEST_CASE("a head of many small fields is refused before it takes much memory") {
    http::ResponseReader reader(1 << 20);
    http::Response response;
    reader.begin(response);
    std::string head = "HTTP/1.1 200 OK\r\n";
    for (int field = 0; field < 257; ++field)
        head += "a:\r\n";
    auto const progress = feed(reader, head + "\r\n", whole);
    REQUIRE_FALSE(progress);
    CHECK(progress.error().code == ErrorCode::too_large);
    CHECK(response.headers.size() <= 256);
}

TEST_CASE("a bodiless answer ends with its head") {
    http::ResponseReader reader(1 << 20);
    http::Response response;
    reader.begin(response, true);
    auto const progress = feed(reader, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", 1);
    REQUIRE(progress);
    CHECK(*progress == Progress::done);
}

TEST_CASE("what is not HTTP/1.1 is a bad response") {
    auto const* const bytes = GENERATE(
        "SSH-2.0-OpenSSH_9.2\r\n\r\n", "\x15\x03\x01\x00\x02\x02\x46", "HTTP/2 200\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 99999 OK\r\n\r\n", "HTTP/1.1 000 OK\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\nxy",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabcde\r\n",
        "<html>502 Bad Gateway</html>\r\n\r\n", "\r\n\r\n\r\n", "{}\r\n\r\n");
    auto const piece = GENERATE(whole, std::size_t{1});
    INFO(bytes);
    http::ResponseReader reader(1 << 20);
    http::Response response;
    reader.begin(response);
    auto const progress = feed(reader, bytes, piece);
    REQUIRE_FALSE(progress);
    CHECK(progress.error().code == ErrorCode::bad_response);
    CHECK_FALSE(reader.is_reusable());
}

TEST_CASE("an answer that ends too soon is a broken connection") {
    auto const* const bytes =
        GENERATE("H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
                 "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 2");
    auto const piece = GENERATE(whole, std::size_t{1});
    http::ResponseReader reader(1 << 20);
    http::Response response;
    reader.begin(response);
    auto const progress = feed(reader, bytes, piece);
    REQUIRE(progress);
    CHECK(*progress == Progress::more);
    auto const ended = reader.close();
    REQUIRE_FALSE(ended);
    CHECK(ended.error().code == ErrorCode::connection);
    CHECK_FALSE(reader.is_reusable());
}

TEST_CASE("a connection closed without any answer says so") {
    http::ResponseReader reader(1 << 20);
    http::Response response;
    reader.begin(response);
    auto const ended = reader.close();
    REQUIRE_FALSE(ended);
    CHECK(ended.error().message.find("before an answer") != std::string::npos);
}

TEST_CASE("an answer over the limit is too large, one at the limit is not") {
    std::string const head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
    std::string const text = head + std::string(100, 'x');
    auto const piece = GENERATE(whole, std::size_t{1}, std::size_t{40});
    http::Response response;
    http::ResponseReader exact(text.size());
    exact.begin(response);
    auto const fits = feed(exact, text, piece);
    REQUIRE(fits);
    CHECK(*fits == Progress::done);

    http::ResponseReader less(text.size() - 1);
    less.begin(response);
    auto const over = feed(less, text, piece);
    REQUIRE_FALSE(over);
    CHECK(over.error().code == ErrorCode::too_large);
}

TEST_CASE("every form of endless answer hits a limit") {
    struct Row {
        std::string begin;
        std::string again;
    };
    auto const row = GENERATE(
        Row{"HTTP/1.1 200 OK\r\n\r\n", "xxxxxxxxxxxxxxxx"},
        Row{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "10\r\nxxxxxxxxxxxxxxxx\r\n"},
        Row{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "xxxxxxxxxxxxxxxx"},
        Row{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: yyyyyyyyyyyyy\r\n"},
        Row{"HTTP/1.1 200 OK\r\n", "X: yyyyyyyyyyyyy\r\n"},
        Row{"HTTP/1.1 200 OK\r\nX: ", "yyyyyyyyyyyy"}, Row{"", "HTTP/1.1 100 Continue\r\n\r\n"},
        Row{"HTTP/1.1 200 ", "OOOOOOOOOOOOOOOOOO"});
    INFO(row.begin + row.again);
    http::ResponseReader reader(1 << 20);
    http::Response response;
    reader.begin(response);
    std::string text = row.begin;
    while (text.size() < (3U << 20))
        text += row.again;
    auto const progress = feed(reader, text, 4096);
    REQUIRE_FALSE(progress);
    CHECK(progress.error().code == ErrorCode::too_large);
    CHECK(response.body.size() <= (1U << 20) + http::ResponseReader::head_bytes_max);
}

TEST_CASE("a promised length over the limit is refused before the body comes") {
    http::ResponseReader reader(1000);
    http::Response response;
    reader.begin(response);
    auto const progress = feed(reader, "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", whole);
    REQUIRE_FALSE(progress);
    CHECK(progress.error().code == ErrorCode::too_large);
}

TEST_CASE("a large head is read up to its limit") {
    http::ResponseReader reader(1 << 20);
    http::Response response;
    reader.begin(response);
    std::string const value(60U << 10, 'v');
    auto const text = "HTTP/1.1 200 OK\r\nX: " + value + "\r\nContent-Length: 2\r\n\r\nok";
    auto const progress = feed(reader, text, 1000);
    REQUIRE(progress);
    CHECK(*progress == Progress::done);
    CHECK(response.header("X") == value);
    CHECK(response.body == "ok");
}

TEST_CASE("any bytes at all end in an answer, a wait or an error") {
    std::string const good =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    http::ResponseReader reader(4096);
    http::Response response;
    for (std::size_t at = 0; at < good.size(); ++at) {
        for (int byte = 0; byte < 256; ++byte) {
            auto text = good;
            text[at] = static_cast<char>(byte);
            reader.begin(response);
            auto const progress = feed(reader, text, byte % 2 == 0 ? whole : 5);
            if (progress && *progress == Progress::more) std::ignore = reader.close();
        }
    }
    reader.begin(response);
    auto const progress = feed(reader, good, whole);
    REQUIRE(progress);
    CHECK(response.body == "abc");
}
