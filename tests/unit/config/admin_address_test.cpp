#include "config/admin_address.hpp"

#include "config/listen_address.hpp"
#include "unit/config/fake_environment.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::config {
namespace {

std::string address_in(std::string_view text, FakeEnvironment const& environment = {}) {
    auto const settings = admin_address(text, environment.get());
    return settings ? format_listen_address(*settings) : settings.error().message;
}

TEST_CASE("the admin address is read, or its default") {
    CHECK(address_in("admin: {listen: '[::1]:19'}") == "[::1]:19");
    CHECK(address_in("admin:\n  listen: 0.0.0.0:8080\n") == "0.0.0.0:8080");
    CHECK(address_in("kafka: {}") == "127.0.0.1:9464");
    CHECK(address_in("admin: {}") == "127.0.0.1:9464");
    CHECK(address_in("admin: [listen]") == "127.0.0.1:9464");
    FakeEnvironment environment;
    environment.set("PORT", "77");
    CHECK(address_in("admin: {listen: '127.0.0.1:${PORT}'}", environment) == "127.0.0.1:77");
}

TEST_CASE("what else is wrong with the file does not hide the admin address") {
    CHECK(address_in("admin: {listen: 127.0.0.1:5}\nkafka: 7\nroutes: [{destination: {api_key: "
                     "'${file:/absent}'}}]\nunknown: 1\n") == "127.0.0.1:5");
}

TEST_CASE("an admin address that cannot be known is an error that says why") {
    CHECK(address_in("admin: {listen: [").find("the file:1:") == 0);
    CHECK(address_in("admin: {listen: '${ABSENT}'}").find("ABSENT") != std::string::npos);
    CHECK(address_in("admin: {listen: here}").find("admin.listen must be HOST:PORT") == 0);
    CHECK(address_in("admin: {listen: [a]}").find("admin.listen must be HOST:PORT") == 0);
    auto const absent = read_admin_address("/absent/headrace.yaml", FakeEnvironment().get());
    REQUIRE_FALSE(absent);
    CHECK(absent.error().code == ErrorCode::not_found);
}

}  // namespace
}  // namespace headrace::config
