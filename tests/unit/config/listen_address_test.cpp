#include "config/listen_address.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::config {
namespace {

TEST_CASE("an address and a port are read and written") {
    for (auto const* const text : {"127.0.0.1:9464", "0.0.0.0:0", "[::1]:65535", "[::]:80"}) {
        auto const settings = parse_listen_address(text);
        REQUIRE(settings);
        CHECK(format_listen_address(*settings) == text);
    }
    auto const local = parse_listen_address("localhost:1");
    REQUIRE(local);
    CHECK(local->address == "127.0.0.1");
}

TEST_CASE("what is not HOST:PORT is refused with advice") {
    auto const error = [](std::string_view text) {
        auto const settings = parse_listen_address(text);
        return settings ? std::string() : settings.error().message;
    };
    CHECK(error("127.0.0.1").ends_with("the port is missing"));
    CHECK(error("127.0.0.1:").ends_with("a number from 0 to 65535"));
    CHECK(error("127.0.0.1:65536").ends_with("a number from 0 to 65535"));
    CHECK(error("127.0.0.1:http").ends_with("a number from 0 to 65535"));
    CHECK(error(":9464").ends_with("write 0.0.0.0 for all interfaces"));
    CHECK(error("example.com:80").ends_with("the host must be an IP address"));
    CHECK(error("::1:80").ends_with("the host must be an IP address"));
    CHECK(error("[127.0.0.1]:80").ends_with("the host must be an IP address"));
}

}  // namespace
}  // namespace headrace::config
