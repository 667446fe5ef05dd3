#include "base/result.hpp"

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <memory>
#include <set>

namespace headrace {
namespace {

TEST_CASE("a result holds a value or an error") {
    Result<int> const good = 7;
    REQUIRE(good);
    CHECK(good.value() == 7);
    CHECK(*good == 7);
    Result<int> const bad = Error{ErrorCode::timeout, "30 s passed"};
    REQUIRE_FALSE(bad.has_value());
    CHECK(bad.error().code == ErrorCode::timeout);
    CHECK(bad.error().message == "30 s passed");
}

TEST_CASE("a move-only value can be taken out of a result") {
    Result<std::unique_ptr<int>> result = std::make_unique<int>(3);
    CHECK(*result->get() == 3);
    std::unique_ptr<int> const taken = *std::move(result);
    CHECK(*taken == 3);
}

TEST_CASE("an error can be taken out of a result") {
    Result<int> bad = Error{ErrorCode::io, "disk"};
    Error const taken = std::move(bad).error();
    CHECK(taken.message == "disk");
    Result<void> worse = Error{ErrorCode::tls, "expired"};
    CHECK_FALSE(worse);
    CHECK(worse.error().code == ErrorCode::tls);
    CHECK(std::move(worse).error().message == "expired");
}

TEST_CASE("success without a value is success") {
    Result<void> const good;
    CHECK(good);
    CHECK(good.has_value());
}

TEST_CASE("a prefix adds context and keeps the code") {
    Error const error = Error{ErrorCode::not_found, "no file"}.with_prefix("tls: ");
    CHECK(error.code == ErrorCode::not_found);
    CHECK(error.message == "tls: no file");
}

TEST_CASE("every error code has a name of its own") {
    constexpr std::array codes{ErrorCode::invalid_config, ErrorCode::invalid_argument,
                               ErrorCode::invalid_record, ErrorCode::not_found,
                               ErrorCode::permission,     ErrorCode::connection,
                               ErrorCode::timeout,        ErrorCode::tls,
                               ErrorCode::too_large,      ErrorCode::bad_response,
                               ErrorCode::kafka,          ErrorCode::io};
    std::set<std::string_view> names;
    for (ErrorCode const code : codes) {
        names.insert(to_string(code));
    }
    CHECK(names.size() == codes.size());
    CHECK(to_string(ErrorCode::bad_response) == "bad_response");
    CHECK(to_string(static_cast<ErrorCode>(99)) == "unknown");
}

}  // namespace
}  // namespace headrace
