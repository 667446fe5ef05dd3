#include "ops/control_socket.hpp"

#include "temporary_path.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace headrace::ops {
namespace {

unsigned mode_of(std::string const& path) {
    struct stat found {};
    REQUIRE(::lstat(path.c_str(), &found) == 0);
    return found.st_mode & 0777U;
}

std::string error_of(std::string const& path) {
    auto const made = ControlSocket::listen(path);
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().message.find(path) != std::string::npos);
    return made.error().message;
}

TEST_CASE("the socket is open to its owner alone, whatever the umask, and goes at the end") {
    TemporaryPath const path;
    for (mode_t const mask : {mode_t{0}, mode_t{0022}, mode_t{0777}}) {
        auto const before = ::umask(mask);
        auto made = ControlSocket::listen(*path);
        ::umask(before);
        REQUIRE(made.has_value());
        CHECK(mode_of(*path) == 0600U);
        made = Error{};
        CHECK_FALSE(std::filesystem::exists(*path));
    }
}

TEST_CASE("what a daemon that is gone left behind is replaced") {
    TemporaryPath const path;
    auto first = ControlSocket::listen(*path);
    REQUIRE(first.has_value());
    ::close(first->release());
    REQUIRE(std::filesystem::exists(*path));
    CHECK(ControlSocket::listen(*path).has_value());
}

TEST_CASE("a socket that has taken another's place is not removed with the other") {
    TemporaryPath const path;
    auto first = ControlSocket::listen(*path);
    REQUIRE(first.has_value());
    std::filesystem::remove(*path);
    auto const second = ControlSocket::listen(*path);
    REQUIRE(second.has_value());
    first = Error{};
    CHECK(std::filesystem::exists(*path));
}

TEST_CASE("a socket on which somebody listens is refused and stays as it is") {
    TemporaryPath const path;
    auto const first = ControlSocket::listen(*path);
    REQUIRE(first.has_value());
    CHECK(error_of(*path).find("another process listens") != std::string::npos);
    CHECK(std::filesystem::exists(*path));
}

TEST_CASE("a file of another kind is refused and stays as it is") {
    TemporaryPath const path;
    SECTION("a file") {
        std::ofstream(*path) << "precious";
    }
    SECTION("a folder") {
        std::filesystem::create_directory(*path);
    }
    SECTION("a link, whatever it leads to") {
        std::filesystem::create_symlink(path.folder() / "absent", *path);
    }
    CHECK(error_of(*path).find("not a socket") != std::string::npos);
    CHECK(std::filesystem::exists(std::filesystem::symlink_status(*path)));
}

TEST_CASE("a folder that is missing is named") {
    TemporaryPath const path("absent/control.sock");
    auto const message = error_of(*path);
    CHECK(message.find(path.folder() / "absent") != std::string::npos);
    CHECK(message.find("create it") != std::string::npos);
}

TEST_CASE("a path that no socket can have is refused") {
    CHECK_FALSE(ControlSocket::listen("").has_value());
    CHECK_FALSE(
        ControlSocket::listen("/tmp/" + std::string(control_path_bytes_max, 'a')).has_value());
    TemporaryPath const path;
    auto const padding = control_path_bytes_max - path.folder().string().size() - 1;
    auto const longest = path.folder().string() + "/" + std::string(padding, 'a');
    CHECK(ControlSocket::listen(longest).has_value());
}

}  // namespace
}  // namespace headrace::ops
