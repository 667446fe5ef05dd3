#include "ops/control_socket.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

namespace headrace::ops {
namespace {

constexpr int backlog = 16;
/// Two daemons that start at once take turns: so long does one wait for the other.
constexpr int lock_tries_max = 100;
constexpr int lock_pause_ms = 10;

class Descriptor {
  public:
    explicit Descriptor(int number) noexcept : number_(number) {}
    Descriptor(Descriptor const&) = delete;
    Descriptor& operator=(Descriptor const&) = delete;
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    [[nodiscard]] int get() const noexcept { return number_; }

  private:
    int number_;
};

std::string cause(int number) {
    return std::error_code(number, std::generic_category()).message();
}

Error failed(std::string const& path, std::string const& why) {
    auto const code = errno == EACCES || errno == EPERM ? ErrorCode::permission : ErrorCode::io;
    return {code, "control.socket " + path + ": " + why};
}

std::string folder_of(std::string const& path) {
    auto const slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

sockaddr_un address_of(std::string const& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
}

int call_with(int (*call)(int, sockaddr const*, socklen_t), int descriptor,
              std::string const& path) {
    auto const address = address_of(path);
    return call(descriptor, reinterpret_cast<sockaddr const*>(&address), sizeof address);
}

/// Holds the folder while the socket in it is looked at and replaced, so that a daemon that starts
/// at the same time cannot take a fresh socket for a stale one. Nothing of it is left behind.
void lock_folder(int folder) {
    for (int i = 0; i != lock_tries_max; ++i) {
        // Where folders cannot be locked the daemon goes without: the race is small.
        if (::flock(folder, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
        ::poll(nullptr, 0, lock_pause_ms);
    }
}

/// Removes a socket on which nobody listens any more.
Result<void> clear_way(std::string const& path) {
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0) {
        if (errno == ENOENT) return {};
        return failed(path, "cannot be looked at: " + cause(errno));
    }
    if (!S_ISSOCK(found.st_mode)) {
        return failed(path,
                      "a file that is not a socket stands there: remove it, or set "
                      "control.socket to another path");
    }
    Descriptor const probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (call_with(::connect, probe.get(), path) == 0 || errno == EAGAIN) {
        return failed(path,
                      "another process listens there: stop it, or give each daemon a "
                      "control.socket of its own");
    }
    if (errno != ECONNREFUSED && errno != ENOENT) {
        return failed(path, "a socket stands there that cannot be asked (" + cause(errno) +
                                "): remove it, or set control.socket to another path");
    }
    if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
    return failed(path, "the socket of a daemon that is gone cannot be removed: " + cause(errno));
}

}  // namespace

Result<ControlSocket> ControlSocket::listen(std::string path) {
    if (path.empty() || path.size() > control_path_bytes_max) {
        return Error{ErrorCode::invalid_config, "control.socket must be a path of 1 to " +
                                                    std::to_string(control_path_bytes_max) +
                                                    " bytes"};
    }
    auto const folder_path = folder_of(path);
    Descriptor const folder(::open(folder_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.get() < 0) {
        bool const is_missing = errno == ENOENT || errno == ENOTDIR;
        return failed(path, "the folder " + folder_path +
                                (is_missing ? " does not exist: create it for the daemon's user "
                                              "(systemd: RuntimeDirectory=headrace)"
                                            : " cannot be opened: " + cause(errno)));
    }
    lock_folder(folder.get());
    if (auto clear = clear_way(path); !clear) return std::move(clear).error();
    ControlSocket made(std::move(path),
                       ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (auto bound = made.bind(); !bound) return std::move(bound).error();
    return made;
}

Result<void> ControlSocket::bind() {
    if (descriptor_ < 0) return failed(path_, "no socket can be made: " + cause(errno));
    // The file gets the descriptor's mode less the umask: there is no moment at which others could
    // open it. A strict umask is made good afterwards.
    ::fchmod(descriptor_, S_IRUSR | S_IWUSR);
    if (call_with(::bind, descriptor_, path_) != 0) {
        return failed(path_, "cannot be made: " + cause(errno) + "; the daemon's user must be " +
                                 "allowed to write to " + folder_of(path_));
    }
    struct stat made {};
    if (::lstat(path_.c_str(), &made) != 0) return failed(path_, "is gone again: " + cause(errno));
    device_ = made.st_dev;
    inode_ = made.st_ino;
    if (::chmod(path_.c_str(), S_IRUSR | S_IWUSR) != 0 || ::listen(descriptor_, backlog) != 0)
        return failed(path_, "cannot be listened on: " + cause(errno));
    return {};
}

ControlSocket::~ControlSocket() {
    struct stat present {};
    bool const is_ours = inode_ != 0 && ::lstat(path_.c_str(), &present) == 0 &&
                         present.st_dev == device_ && present.st_ino == inode_;
    if (is_ours) ::unlink(path_.c_str());
    if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace headrace::ops
