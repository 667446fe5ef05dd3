#include "config/environment.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace headrace::config {
namespace {

class Folder {
  public:
    Folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "headrace-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(Folder const&) = delete;
    Folder& operator=(Folder const&) = delete;
    [[nodiscard]] std::string file(std::string const& name, std::string const& content) const {
        auto const path = (path_ / name).string();
        std::ofstream(path, std::ios::binary) << content;
        return path;
    }
    [[nodiscard]] std::string path() const { return path_.string(); }

  private:
    std::filesystem::path path_;
};

TEST_CASE("a small file is read whole") {
    Folder const folder;
    auto const content = read_small_file(folder.file("a", std::string("a\0b\n", 4)), 4);
    REQUIRE(content);
    CHECK(*content == std::string("a\0b\n", 4));
}

TEST_CASE(
    "a file that is too large, missing, a folder or a pipe is an error, and is never waited for") {
    Folder const folder;
    auto const large = read_small_file(folder.file("a", "12345"), 4);
    REQUIRE_FALSE(large);
    CHECK(large.error().code == ErrorCode::too_large);
    CHECK(large.error().message == "it is larger than 4 bytes");
    auto const absent = read_small_file(folder.path() + "/none", 4);
    REQUIRE_FALSE(absent);
    CHECK(absent.error().code == ErrorCode::not_found);
    auto const directory = read_small_file(folder.path(), 4);
    REQUIRE_FALSE(directory);
    CHECK(directory.error().message == "Is a directory");
    auto const pipe = folder.path() + "/pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    auto const waiting = read_small_file(pipe, 4);
    REQUIRE_FALSE(waiting);
    CHECK(waiting.error().message == "it is not a regular file");
    CHECK_FALSE(read_small_file(std::string("/dev\0/null", 10), 4));
}

TEST_CASE("a file without permission says so") {
    if (::geteuid() == 0) SKIP("root may read everything");
    Folder const folder;
    auto const path = folder.file("a", "secret");
    REQUIRE(::chmod(path.c_str(), 0) == 0);
    auto const content = read_small_file(path, 10);
    REQUIRE_FALSE(content);
    CHECK(content.error().code == ErrorCode::permission);
}

TEST_CASE("the process's own environment reads variables, files and certificates") {
    auto const environment = Environment::system();
    CHECK(environment.variable("PATH"));
    CHECK_FALSE(environment.variable("HEADRACE_NO_SUCH_VARIABLE"));
    Folder const folder;
    CHECK(environment.read_file(folder.file("a", "text")));
    auto const tls = environment.check_tls({folder.path() + "/none.pem", "", "", true});
    REQUIRE_FALSE(tls);
    CHECK(tls.error().message.find("none.pem") != std::string::npos);
}

}  // namespace
}  // namespace headrace::config
