#include "ops/datagram_socket.hpp"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace headrace::ops {

Result<DatagramSocket> DatagramSocket::open(std::string const& name) {
    sockaddr_un address{};
    bool const is_abstract = name.starts_with('@');
    if (name.size() < 2 || (!is_abstract && !name.starts_with('/')))
        return Error{ErrorCode::invalid_argument, name + ": neither a path nor an abstract socket"};
    // A path ends with a zero, an abstract name begins with one.
    if (name.size() >= sizeof(address.sun_path))
        return Error{ErrorCode::invalid_argument, name + ": longer than a socket's name may be"};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (is_abstract) address.sun_path[0] = '\0';

    int const descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return Error{ErrorCode::io, std::string("socket: ") + std::strerror(errno)};
    std::size_t const length =
        offsetof(sockaddr_un, sun_path) + name.size() + (is_abstract ? 0 : 1);
    return DatagramSocket(descriptor, std::string(reinterpret_cast<char const*>(&address), length));
}

DatagramSocket::~DatagramSocket() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

DatagramSocket::DatagramSocket(DatagramSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), address_(std::move(other.address_)) {}

bool DatagramSocket::send(std::string_view datagram) const noexcept {
    sockaddr_un address{};
    std::memcpy(&address, address_.data(), address_.size());
    ssize_t sent = 0;
    do {
        sent = ::sendto(descriptor_, datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                        reinterpret_cast<sockaddr const*>(&address),
                        static_cast<socklen_t>(address_.size()));
    } while (sent < 0 && errno == EINTR);
    return sent >= 0;
}

}  // namespace headrace::ops
