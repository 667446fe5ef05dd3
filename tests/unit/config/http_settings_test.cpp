#include "config/http_settings.hpp"

#include "http/url.hpp"
#include "unit/config/fake_environment.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::config {
namespace {

std::string error(std::string const& http, FakeEnvironment const& environment = {}) {
    return joined(errors_of(tecton_text("    http: {" + http + "}\n"), environment));
}

TEST_CASE("a proxy's credentials become Proxy-Authorization") {
    auto const plain = parse_proxy("http://proxy:3128");
    REQUIRE(plain);
    CHECK(plain->url.host == "proxy");
    CHECK(plain->url.port == 3128);
    CHECK(plain->authorization.empty());
    auto const user = parse_proxy("http://ada:pa%40ss@proxy:3128/");
    REQUIRE(user);
    CHECK(user->authorization == "Basic YWRhOnBhQHNz");
    CHECK(user->url.host == "proxy");
    CHECK(parse_proxy("http://a:b@c:d@proxy")->authorization == "Basic YTpiQGM6ZA==");
    CHECK(parse_proxy("http://u:@proxy")->authorization == "Basic dTo=");
}

TEST_CASE("a proxy that is not one is refused without showing its password") {
    for (auto const* const text :
         {"proxy:3128", "https://proxy:3128", "http://proxy/path", "http://user@proxy",
          "http://u:%zz@proxy", "http://u:%4@proxy", "http://u:p@", "socks5://u:hunter2@proxy"}) {
        INFO(text);
        auto const proxy = parse_proxy(text);
        REQUIRE_FALSE(proxy);
        CHECK(proxy.error().message.find("hunter2") == std::string::npos);
    }
    CHECK(error("proxy: 'ftp://u:hunter2@p'").find("hunter2") == std::string::npos);
    CHECK(error("proxy: 'http://p/x'") ==
          "f:6:19: routes[0].http.proxy: must be http://[USER:PASSWORD@]HOST:PORT\n");
}

TEST_CASE("limits, TLS files, headers and the proxy are carried over") {
    auto const config =
        good_config(tecton_text("    http: {timeout_secs: 0.5, connect_timeout_secs: 2, idle_secs: "
                                "9, response_bytes_max: 1MiB, proxy: 'http://u:p@proxy:3128', "
                                "headers: {X-Team: growth, X-Count: 5}, tls: {ca: /ca.pem, "
                                "certificate: /c.pem, key: /k.pem, verify: false}}\n"));
    auto const& requests = config.routes[0].requests();
    CHECK(requests.client.request_timeout == std::chrono::milliseconds(500));
    CHECK(requests.client.connect_timeout == std::chrono::seconds(2));
    CHECK(requests.client.idle_timeout == std::chrono::seconds(9));
    CHECK(requests.client.response_bytes_max == 1U << 20);
    CHECK(requests.client.proxy.host == "proxy");
    CHECK(requests.client.proxy_authorization == "Basic dTpw");
    CHECK(requests.client.tls.ca_file == "/ca.pem");
    CHECK(requests.client.tls.certificate_file == "/c.pem");
    CHECK(requests.client.tls.key_file == "/k.pem");
    CHECK_FALSE(requests.client.tls.verify);
    CHECK(requests.headers ==
          std::vector<std::pair<std::string, std::string>>{{"X-Team", "growth"}, {"X-Count", "5"}});
}

TEST_CASE("compression is off unless it is asked for, and has the levels of its coding") {
    auto const compression = [](std::string const& keys) {
        return good_config(tecton_text("    http: {" + keys + "}\n"))
            .routes[0]
            .requests()
            .compression;
    };
    using http::ContentCoding;
    CHECK(compression("").coding == ContentCoding::identity);
    CHECK(compression("compression: none").coding == ContentCoding::identity);
    CHECK(compression("compression: gzip") ==
          http::CompressionSettings{.coding = ContentCoding::gzip, .level = 1});
    CHECK(compression("compression: zstd, compression_level: 19") ==
          http::CompressionSettings{.coding = ContentCoding::zstd, .level = 19});
    CHECK(error("compression: gzip, compression_level: 10") ==
          "f:6:50: routes[0].http.compression_level: is 10, but gzip has levels from 1 to 9\n");
    CHECK(error("compression_level: 3") ==
          "f:6:31: routes[0].http.compression_level: says nothing while http.compression is "
          "none\n");
    CHECK(error("compression: br").find("zstd") != std::string::npos);
}

TEST_CASE("TLS files that cannot be used are told at load") {
    FakeEnvironment environment;
    environment.state->tls_error = "the CA file /ca.pem cannot be read: No such file or directory";
    CHECK(error("tls: {ca: /ca.pem}", environment) ==
          "f:6:17: routes[0].http.tls: the CA file /ca.pem cannot be read: No such file or "
          "directory\n");
    CHECK(error("tls: {verify: true}", environment).empty());
}

TEST_CASE("headers must be fit to be sent, and not the client's own") {
    CHECK(error("headers: {'a b': x}") ==
          "f:6:22: routes[0].http.headers: \"a b\" is not a header's name\n");
    CHECK(error("headers: {A: \"x\\r\\nB: y\"}") ==
          "f:6:25: routes[0].http.headers.A: must be one line without control characters\n");
    CHECK(error("headers: {content-length: 5}") ==
          "f:6:22: routes[0].http.headers.content-length: may not be set: the HTTP client writes "
          "it itself\n");
    CHECK(error("headers: {X-A: 1, x-a: 2}") ==
          "f:6:30: routes[0].http.headers.x-a: is given twice, in different case\n");
}

TEST_CASE("headers that carry credentials are known by their names") {
    for (auto const* const name :
         {"Authorization", "X-API-Key", "x-auth-token", "Cookie", "X-Client-Secret"})
        CHECK(is_secret_header(name));
    for (auto const* const name : {"X-Team", "Accept", "User-Agent"})
        CHECK_FALSE(is_secret_header(name));
}

}  // namespace
}  // namespace headrace::config
