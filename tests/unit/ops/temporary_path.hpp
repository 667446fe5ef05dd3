// A path in a folder of a test's own, gone with it. Thread safety: one thread.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace headrace::ops {

class TemporaryPath {
  public:
    explicit TemporaryPath(std::string const& name = "control.sock") {
        auto pattern = (std::filesystem::temp_directory_path() / "headrace-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        path_ = (folder_ / name).string();
    }
    ~TemporaryPath() { std::filesystem::remove_all(folder_); }
    TemporaryPath(TemporaryPath const&) = delete;
    TemporaryPath& operator=(TemporaryPath const&) = delete;

    [[nodiscard]] std::string const& operator*() const noexcept { return path_; }
    [[nodiscard]] std::filesystem::path const& folder() const noexcept { return folder_; }

  private:
    std::filesystem::path folder_;
    std::string path_;
};

}  // namespace headrace::ops
