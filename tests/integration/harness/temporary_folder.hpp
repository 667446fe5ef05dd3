// A folder of a test's own, gone with it. Thread safety: one thread.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace headrace::integration {

class TemporaryFolder {
  public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(TemporaryFolder const&) = delete;
    TemporaryFolder& operator=(TemporaryFolder const&) = delete;

    [[nodiscard]] std::filesystem::path const& path() const noexcept { return path_; }
    /// Writes a file in place; its path.
    std::string write(std::string const& name, std::string_view text) const;
    /// Puts a new file in place of the old one with one rename, as careful writers do.
    std::string replace(std::string const& name, std::string_view text) const;

  private:
    std::filesystem::path path_;
};

[[nodiscard]] std::string read_file(std::filesystem::path const& path);

}  // namespace headrace::integration
