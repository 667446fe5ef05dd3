// What a configuration may read besides its own file: environment variables and small files. A
// parameter, so that tests give their own. Used by load, interpolation and file_secret. Thread
// safety: Environment::system() reads getenv and the file system; call it where nobody calls
// setenv.
#pragma once

#include "base/result.hpp"
#include "http/settings.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace headrace::config {

/// The largest file that `${file:…}` and `${credential:…}` read.
inline constexpr std::size_t value_file_bytes_max = 64U << 10;

struct Environment {
    /// The variable's value, or nothing when it is not set.
    std::function<std::optional<std::string>(std::string const&)> variable;
    /// The file's whole content. Errors: not_found, permission, too_large, io; they say why, not
    /// which file.
    std::function<Result<std::string>(std::string const& path)> read_file;
    /// Whether the PEM files can be read and fit together.
    std::function<Result<void>(http::TlsSettings const& settings)> check_tls;
    /// Another text when the file at the path, links followed, may have another content.
    std::function<std::string(std::string const& path)> file_stamp;

    /// The process's own.
    [[nodiscard]] static Environment system();
};

/// Reads a regular file of at most `bytes_max` bytes. It never waits on a pipe or a device: those
/// are refused.
[[nodiscard]] Result<std::string> read_small_file(std::string const& path, std::size_t bytes_max);

}  // namespace headrace::config
