#include "config/interpolation.hpp"

#include "unit/config/fake_environment.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::config {
namespace {

FakeEnvironment environment() {
    FakeEnvironment fake;
    fake.set("USER", "ada");
    fake.set("EMPTY", "");
    fake.set("NESTED", "${USER}");
    fake.set("CREDENTIALS_DIRECTORY", "/run/credentials");
    fake.write("/key", "secret\n");
    fake.write("/windows", "secret\r\n");
    fake.write("/two", "one\n\n");
    fake.write("/only-newline", "\n");
    fake.write("/empty", "");
    fake.write("/run/credentials/token", "t0ken\n");
    return fake;
}

std::string value_of(std::string_view source) {
    auto const parts = parse_template(source, environment().get());
    if (!parts) return "error: " + parts.error().message;
    auto const text = render(*parts, environment().get());
    return text ? *text : "error: " + text.error().message;
}

TEST_CASE("references are replaced by what they name") {
    CHECK(value_of("${USER}") == "ada");
    CHECK(value_of("a-${USER}-${USER}-b") == "a-ada-ada-b");
    CHECK(value_of("${NOBODY:-nobody}") == "nobody");
    CHECK(value_of("${USER:-nobody}") == "ada");
    CHECK(value_of("${EMPTY:-nobody}") == "nobody");
    CHECK(value_of("${EMPTY}").empty());
    CHECK(value_of("${NOBODY:-}").empty());
    CHECK(value_of("${file:/key}") == "secret");
    CHECK(value_of("root:${file:/key}") == "root:secret");
    CHECK(value_of("${credential:token}") == "t0ken");
}

TEST_CASE("one trailing newline of a file is cut") {
    CHECK(value_of("${file:/windows}") == "secret");
    CHECK(value_of("${file:/two}") == "one\n");
}

TEST_CASE("what was put in is not looked at again") {
    CHECK(value_of("${NESTED}") == "${USER}");
}

TEST_CASE("a dollar stands for itself unless it begins a reference") {
    CHECK(value_of("^clicks$") == "^clicks$");
    CHECK(value_of("pa$$word$") == "pa$$word$");
    CHECK(value_of("$USER") == "$USER");
    CHECK(value_of("$${USER}") == "${USER}");
    CHECK(value_of("$$${USER}") == "$${USER}");
    CHECK(value_of("").empty());
}

TEST_CASE("escaped text reads back as itself") {
    for (auto const* const text :
         {"${USER}", "$${USER}", "$$${", "plain", "$", "${${", "a${b}c$"}) {
        CHECK(value_of(escape_references(text)) == text);
    }
}

TEST_CASE("a reference that cannot be read says what to do") {
    CHECK(value_of("${NOBODY}") ==
          "error: the environment variable NOBODY is not set: set it, or write ${NOBODY:-default}");
    CHECK(value_of("${file:/absent}") ==
          "error: the file \"/absent\" cannot be read: No such file or directory");
    CHECK(value_of("${file:/empty}") == "error: the file \"/empty\" is empty");
    CHECK(value_of("${file:/only-newline}") == "error: the file \"/only-newline\" is empty");
    CHECK(value_of("${file:}") == "error: ${file:} names no file: write ${file:PATH}");
    CHECK(value_of("${credential:absent}").find("\"/run/credentials/absent\" cannot be read") !=
          std::string::npos);
    CHECK(value_of("${credential:../key}").find("does not name a credential") != std::string::npos);
    CHECK(value_of("${credential:..}").find("does not name a credential") != std::string::npos);
    CHECK(value_of("${credential:a\nb}").find("does not name a credential") != std::string::npos);
    CHECK(value_of("${credential:}").find("does not name a credential") != std::string::npos);
    CHECK(value_of("${USER") == "error: ${ has no closing }: close it, or write $${ for ${ itself");
    CHECK(value_of("${}").find("is not understood") != std::string::npos);
    CHECK(value_of("${1A}").find("is not understood") != std::string::npos);
    CHECK(value_of("${A-B}").find("is not understood") != std::string::npos);
    CHECK(value_of("${env:A}").find("is not understood") != std::string::npos);
}

TEST_CASE("references cannot make a value of any length") {
    FakeEnvironment fake;
    fake.set("BIG", std::string(100'000, 'x'));
    fake.write("/big", std::string(100'000, 'x'));
    std::string variables;
    std::string files;
    for (int i = 0; i < 1000; ++i) {
        variables += "${BIG}";
        files += "${file:/big}";
    }
    auto const literal = parse_template(variables, fake.get());
    REQUIRE_FALSE(literal);
    CHECK(literal.error().message ==
          "is longer than 262144 bytes once its references are replaced");
    auto const parts = parse_template(files, fake.get());
    REQUIRE(parts);
    auto const text = render(*parts, fake.get());
    REQUIRE_FALSE(text);
    CHECK(text.error().code == ErrorCode::too_large);
}

TEST_CASE("a credential needs systemd's folder") {
    FakeEnvironment const bare;
    auto const parts = parse_template("${credential:token}", bare.get());
    REQUIRE_FALSE(parts);
    CHECK(parts.error().message.find("needs $CREDENTIALS_DIRECTORY") != std::string::npos);
}

TEST_CASE("only files are read again: variables and credentials become text") {
    auto const fixed = parse_template("${USER}${credential:token}", environment().get());
    REQUIRE(fixed);
    CHECK_FALSE(reads_file(*fixed));
    auto const following = parse_template("root:${file:/key}", environment().get());
    REQUIRE(following);
    CHECK(reads_file(*following));
    CHECK(has_reference("a${B}"));
    CHECK_FALSE(has_reference("a$B{"));
}

}  // namespace
}  // namespace headrace::config
