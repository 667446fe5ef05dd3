#include "harness/admin_client.hpp"

#include <arpa/inet.h>
#include <cstdlib>
#include <netinet/in.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace headrace::integration {
namespace {

constexpr timeval answer_limit{.tv_sec = 15, .tv_usec = 0};

std::string exchange(int socket, std::uint16_t port, std::string_view request) {
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &answer_limit, sizeof answer_limit);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &answer_limit, sizeof answer_limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket, reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0)
        return {};
    if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size()))
        return {};
    std::string answer;
    char piece[16384];
    for (ssize_t got = 0; (got = ::recv(socket, piece, sizeof piece, 0)) > 0;)
        answer.append(piece, static_cast<std::size_t>(got));
    return answer;
}

}  // namespace

AdminAnswer get(std::uint16_t port, std::string const& path) {
    int const socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto const text = exchange(
        socket, port, "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    ::close(socket);
    constexpr std::string_view version = "HTTP/1.1 ";
    auto const body_at = text.find("\r\n\r\n");
    if (text.rfind(version, 0) != 0 || body_at == std::string::npos) return {};
    return {std::atoi(text.c_str() + version.size()), text.substr(body_at + 4)};
}

}  // namespace headrace::integration
