#include "ops/log_output.hpp"

#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace headrace::ops {
namespace {

bool would_wait(int descriptor) {
    pollfd wanted{descriptor, POLLOUT, 0};
    return ::poll(&wanted, 1, 0) == 0;
}

/// A second way to the same pipe or terminal, with flags of its own; -1 if there is none.
int open_without_blocking(int descriptor) {
    std::string const path = "/proc/self/fd/" + std::to_string(descriptor);
    return ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_APPEND | O_NOCTTY | O_CLOEXEC);
}

}  // namespace

LogOutput::LogOutput(int descriptor) : descriptor_(descriptor) {
    struct stat kind {};
    if (::fstat(descriptor, &kind) != 0) return;
    is_socket_ = S_ISSOCK(kind.st_mode);
    if (!S_ISFIFO(kind.st_mode) && !S_ISCHR(kind.st_mode)) return;
    int const own = open_without_blocking(descriptor);
    may_wait_ = own < 0;
    if (may_wait_) return;
    descriptor_ = own;
    is_own_ = true;
}

LogOutput::~LogOutput() {
    if (is_own_) ::close(descriptor_);
}

bool LogOutput::write(std::string_view line) {
    // A line is no longer than what a writable pipe takes in one piece.
    if (may_wait_ && would_wait(descriptor_)) return false;
    return (!is_mid_line_ || write_all("\n")) && write_all(line);
}

bool LogOutput::write_all(std::string_view bytes) {
    while (!bytes.empty()) {
        ssize_t const written = is_socket_ ? ::send(descriptor_, bytes.data(), bytes.size(),
                                                    MSG_DONTWAIT | MSG_NOSIGNAL)
                                           : ::write(descriptor_, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        is_mid_line_ = bytes[static_cast<std::size_t>(written) - 1] != '\n';
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace headrace::ops
