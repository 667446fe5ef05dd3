#include "config/environment.hpp"

#include "http/tls.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace headrace::config {
namespace {

class Descriptor {
  public:
    explicit Descriptor(int number) noexcept : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&&) = delete;
    [[nodiscard]] int number() const noexcept { return number_; }

  private:
    int number_;
};

Error system_error(int code) {
    auto const kind = code == ENOENT || code == ENOTDIR ? ErrorCode::not_found
                      : code == EACCES || code == EPERM ? ErrorCode::permission
                                                        : ErrorCode::io;
    return {kind, std::generic_category().message(code)};
}

/// A file that was replaced has another inode, one that was written in place other times.
std::string stamp_of(std::string const& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return "absent";
    std::string stamp;
    for (auto const part :
         {static_cast<std::int64_t>(status.st_dev), static_cast<std::int64_t>(status.st_ino),
          static_cast<std::int64_t>(status.st_size), std::int64_t{status.st_mtim.tv_sec},
          std::int64_t{status.st_mtim.tv_nsec}, std::int64_t{status.st_ctim.tv_sec},
          std::int64_t{status.st_ctim.tv_nsec}}) {
        stamp += std::to_string(part) + ' ';
    }
    return stamp;
}

Result<Descriptor> open_regular(std::string const& path) {
    if (path.find('\0') != std::string::npos) return system_error(ENOENT);
    Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (file.number() < 0) return system_error(errno);
    struct stat status {};
    if (::fstat(file.number(), &status) != 0) return system_error(errno);
    if (S_ISDIR(status.st_mode)) return system_error(EISDIR);
    if (!S_ISREG(status.st_mode)) return Error{ErrorCode::io, "it is not a regular file"};
    return Result<Descriptor>(std::move(file));
}

}  // namespace

Environment Environment::system() {
    return {[](std::string const& name) -> std::optional<std::string> {
                char const* const value = std::getenv(name.c_str());
                return value == nullptr ? std::nullopt : std::optional<std::string>(value);
            },
            [](std::string const& path) { return read_small_file(path, value_file_bytes_max); },
            [](http::TlsSettings const& settings) { return http::check(settings); }, stamp_of};
}

Result<std::string> read_small_file(std::string const& path, std::size_t bytes_max) {
    auto const file = open_regular(path);
    if (!file) return file.error();
    std::string content(bytes_max + 1, '\0');
    std::size_t used = 0;
    while (used < content.size()) {
        auto const got = ::read(file->number(), content.data() + used, content.size() - used);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error(errno);
        if (got == 0) break;
        used += static_cast<std::size_t>(got);
    }
    if (used > bytes_max) {
        return Error{ErrorCode::too_large,
                     "it is larger than " + std::to_string(bytes_max) + " bytes"};
    }
    content.resize(used);
    return content;
}

}  // namespace headrace::config
