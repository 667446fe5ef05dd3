#include "http/url.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace http = headrace::http;

TEST_CASE("a URL is read into its parts and written back") {
    struct Row {
        std::string text;
        bool tls;
        std::string host;
        std::uint16_t port;
        std::string path;
        std::string written;
    };
    auto const row = GENERATE(
        Row{"http://localhost:19530", false, "localhost", 19530, "/", "http://localhost:19530/"},
        Row{"https://preview.acme.tecton.ai/ingest", true, "preview.acme.tecton.ai", 443, "/ingest",
            "https://preview.acme.tecton.ai/ingest"},
        Row{"HTTP://Host_1.x/", false, "Host_1.x", 80, "/", "http://Host_1.x/"},
        Row{"http://h:80/a?b=c", false, "h", 80, "/a?b=c", "http://h/a?b=c"},
        Row{"https://h:80", true, "h", 80, "/", "https://h:80/"},
        Row{"http://h?q", false, "h", 80, "/?q", "http://h/?q"},
        Row{"http://h/p:1/x", false, "h", 80, "/p:1/x", "http://h/p:1/x"},
        Row{"http://[::1]:8080/x", false, "::1", 8080, "/x", "http://[::1]:8080/x"},
        Row{"https://[2001:db8::1]", true, "2001:db8::1", 443, "/", "https://[2001:db8::1]/"},
        Row{"http://127.0.0.1:1/", false, "127.0.0.1", 1, "/", "http://127.0.0.1:1/"},
        Row{"http://h:65535", false, "h", 65535, "/", "http://h:65535/"});
    auto const url = http::parse_url(row.text);
    INFO(row.text);
    REQUIRE(url);
    CHECK(url->tls == row.tls);
    CHECK(url->host == row.host);
    CHECK(url->port == row.port);
    CHECK(url->path == row.path);
    CHECK(http::to_string(*url) == row.written);
}

TEST_CASE("a URL that cannot be used is refused with advice and is not quoted") {
    struct Row {
        std::string text;
        std::string advice;
    };
    auto const row = GENERATE(
        Row{"", "must begin with http:// or https://"}, Row{"localhost:80", "must begin with"},
        Row{"ftp://secret", "must begin with"}, Row{"http//secret", "must begin with"},
        Row{"http://", "host must be"}, Row{"http:///path", "host must be"},
        Row{"http://user:secret@host/", "credentials"}, Row{"http://secret@host", "credentials"},
        Row{"http://h/x#secret", "fragment"}, Row{"http://h:0", "1 to 65535"},
        Row{"http://h:65536", "1 to 65535"}, Row{"http://h:", "1 to 65535"},
        Row{"http://h:8x", "1 to 65535"}, Row{"http://h:99999999999999999999", "1 to 65535"},
        Row{"http://::1/", "brackets"}, Row{"http://[::1", "not valid"},
        Row{"http://[zz]/", "not valid"}, Row{"http://[::1]x", "between"},
        Row{"http://h/a b", "%-encoding"}, Row{"http://h/a\r\nX: secret", "%-encoding"},
        Row{"http://h/\xC3\xA4", "%-encoding"}, Row{std::string("http://h/\0", 10), "%-encoding"},
        Row{"http://h%41/", "host must be"},
        Row{"http://" + std::string(254, 'a'), "host must be"});
    auto const url = http::parse_url(row.text);
    INFO(row.text);
    REQUIRE_FALSE(url);
    CHECK(url.error().code == headrace::ErrorCode::invalid_config);
    INFO(url.error().message);
    CHECK(url.error().message.find(row.advice) != std::string::npos);
    CHECK(url.error().message.find("secret") == std::string::npos);
}

TEST_CASE("a Host header names the port only where it is not the scheme's own") {
    CHECK(http::authority({.tls = true, .host = "h", .port = 443}) == "h");
    CHECK(http::authority({.tls = false, .host = "h", .port = 443}) == "h:443");
    CHECK(http::authority({.tls = false, .host = "::1", .port = 80}) == "[::1]");
    CHECK(http::host_and_port({.tls = true, .host = "::1", .port = 443}) == "[::1]:443");
}
