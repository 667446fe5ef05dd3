#include "harness/reserved_port.hpp"

#include <cerrno>
#include <netinet/in.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace headrace::integration {
namespace {

void check(int result, char const* what) {
    if (result < 0) throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

ReservedPort::ReservedPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    check(socket_, "socket");
    // A server that sets the same option may still bind and listen while this one does not listen.
    int const on = 1;
    check(::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    check(::bind(socket_, generic, size), "bind");
    check(::getsockname(socket_, generic, &size), "getsockname");
    number_ = ntohs(address.sin_port);
}

ReservedPort::~ReservedPort() {
    ::close(socket_);
}

void ReservedPort::listen() const {
    check(::listen(socket_, 1), "listen");
}

}  // namespace headrace::integration
