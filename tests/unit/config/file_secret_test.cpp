#include "config/file_secret.hpp"

#include "unit/config/fake_environment.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::config {
namespace {

struct Fixture {
    FakeEnvironment environment;
    std::vector<std::string> warnings;

    Fixture() { environment.write("/key", "one\n"); }
    FileSecret make() {
        return FileSecret({"routes[0].destination.token",
                           {{Piece::Kind::literal, "root:"}, {Piece::Kind::file, "/key"}},
                           "root:one",
                           [](std::string_view value) -> Result<void> {
                               if (value.find('\n') == std::string_view::npos) return {};
                               return Error{ErrorCode::invalid_config, "must be one line"};
                           }},
                          environment.get());
    }
    bool poll(FileSecret& secret) {
        return secret.poll([this](std::string const& text) { warnings.push_back(text); });
    }
};

TEST_CASE_METHOD(Fixture, "a secret follows its file") {
    auto secret = make();
    CHECK(secret.get() == "root:one");
    CHECK(secret.key() == "routes[0].destination.token");
    CHECK_FALSE(poll(secret));
    environment.write("/key", "two\n");
    CHECK(poll(secret));
    CHECK(secret.get() == "root:two");
    CHECK_FALSE(poll(secret));
    CHECK(warnings.empty());
}

TEST_CASE_METHOD(Fixture,
                 "a file that goes away leaves the old value and warns once for each reason") {
    auto secret = make();
    environment.remove("/key");
    CHECK_FALSE(poll(secret));
    CHECK_FALSE(poll(secret));
    REQUIRE(warnings.size() == 1);
    CHECK(
        warnings[0] ==
        "routes[0].destination.token: the file \"/key\" cannot be read: No such file or directory; "
        "the value of before stays in use");
    environment.write("/key", "\n");
    CHECK_FALSE(poll(secret));
    REQUIRE(warnings.size() == 2);
    CHECK(warnings[1].find("is empty") != std::string::npos);
    CHECK(secret.get() == "root:one");
    environment.write("/key", "one\n");
    CHECK_FALSE(poll(secret));
    environment.remove("/key");
    CHECK_FALSE(poll(secret));
    CHECK(warnings.size() == 3);
}

TEST_CASE_METHOD(Fixture, "a content that cannot be used is refused without being shown") {
    auto secret = make();
    environment.write("/key", "top\nsecret\n");
    CHECK_FALSE(poll(secret));
    REQUIRE(warnings.size() == 1);
    CHECK(warnings[0].find("its new content must be one line") != std::string::npos);
    CHECK(warnings[0].find("top") == std::string::npos);
    CHECK(secret.get() == "root:one");
}

}  // namespace
}  // namespace headrace::config
