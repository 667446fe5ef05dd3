#include "config/file_change.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::config {
namespace {

Error const missing{ErrorCode::not_found, "No such file or directory"};

TEST_CASE("a file that says the same is no change") {
    FileChange change(std::string("a"));
    CHECK_FALSE(change.look(std::string("a")));
    CHECK_FALSE(change.look(std::string("a")));
    CHECK_FALSE(change.is_settling());
}

TEST_CASE("a change is told once, when it was seen twice") {
    FileChange change(std::string("a"));
    CHECK_FALSE(change.look(std::string("b")));
    CHECK(change.is_settling());
    CHECK(change.look(std::string("b")));
    CHECK_FALSE(change.is_settling());
    CHECK_FALSE(change.look(std::string("b")));
}

TEST_CASE("a file that is still being written is waited for") {
    FileChange change(std::string("a"));
    CHECK_FALSE(change.look(std::string()));
    CHECK_FALSE(change.look(std::string("b")));
    CHECK_FALSE(change.look(std::string("bc")));
    CHECK(change.look(std::string("bc")));
}

TEST_CASE("what is back as it was before it settled is no change") {
    FileChange change(std::string("a"));
    CHECK_FALSE(change.look(missing));
    CHECK_FALSE(change.look(std::string("a")));
    CHECK_FALSE(change.look(std::string("a")));
}

TEST_CASE("a file that goes away for good is a change, and so is its return") {
    FileChange change(std::string("a"));
    CHECK_FALSE(change.look(missing));
    CHECK(change.look(missing));
    CHECK_FALSE(change.look(missing));
    CHECK_FALSE(change.look(std::string("a")));
    CHECK(change.look(std::string("a")));
}

TEST_CASE("what was loaded meanwhile is known") {
    FileChange change(std::string("a"));
    CHECK_FALSE(change.look(std::string("b")));
    change.note(std::string("b"));
    CHECK_FALSE(change.look(std::string("b")));
    CHECK_FALSE(change.look(std::string("b")));
}

}  // namespace
}  // namespace headrace::config
