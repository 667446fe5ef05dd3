// The control socket's file: made so that nobody but its owner can ever open it, in place of what a
// dead daemon left, never in place of anything else, and removed at the end. It accepts nothing;
// ControlServer does. Thread safety: belongs to one thread.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace headrace::ops {

/// The longest path that a socket can have.
inline constexpr std::size_t control_path_bytes_max = 107;

class ControlSocket {
  public:
    /// Makes the file with mode 0600, whatever the umask, and listens. Errors name the path and say
    /// what to do: a parent folder that is missing, a file of another kind, a socket on which
    /// somebody listens.
    static Result<ControlSocket> listen(std::string path);

    ControlSocket(ControlSocket&& other) noexcept { swap(other); }
    ControlSocket& operator=(ControlSocket&& other) noexcept {
        swap(other);
        return *this;
    }
    /// Removes the file, unless another has taken its place, and closes what was not released.
    ~ControlSocket();

    /// The listening descriptor, from now on the caller's, to be closed after this object is gone:
    /// as long as it is open, no other file can have the number of ours.
    [[nodiscard]] int release() noexcept { return std::exchange(descriptor_, -1); }

  private:
    ControlSocket(std::string path, int descriptor) noexcept
        : path_(std::move(path)), descriptor_(descriptor) {}
    [[nodiscard]] Result<void> bind();
    void swap(ControlSocket& other) noexcept {
        std::swap(path_, other.path_);
        std::swap(descriptor_, other.descriptor_);
        std::swap(device_, other.device_);
        std::swap(inode_, other.inode_);
    }

    std::string path_;
    int descriptor_ = -1;
    std::uint64_t device_ = 0;
    std::uint64_t inode_ = 0;  ///< 0: no file was made.
};

}  // namespace headrace::ops
