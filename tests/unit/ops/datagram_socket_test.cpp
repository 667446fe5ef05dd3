#include "ops/datagram_socket.hpp"

#include "datagram_receiver.hpp"

#include <catch2/catch_test_macros.hpp>

#include <optional>

namespace headrace::ops {
namespace {

using Datagrams = std::vector<std::string>;

std::string error_of(std::string const& name) {
    auto const opened = DatagramSocket::open(name);
    return opened ? std::string() : opened.error().message;
}

}  // namespace

TEST_CASE("a datagram arrives whole, zeros and line breaks included") {
    DatagramReceiver receiver;
    auto const socket = DatagramSocket::open(receiver.name());
    REQUIRE(socket);
    std::string const bytes("A=1\n\0B=2\n", 9);
    CHECK(socket->send(bytes));
    CHECK(socket->send("second"));
    CHECK(receiver.read_present() == Datagrams{bytes, "second"});
}

TEST_CASE("a datagram that the receiver has no room for is refused at once") {
    DatagramReceiver receiver;
    auto const socket = DatagramSocket::open(receiver.name());
    REQUIRE(socket);
    std::size_t taken = 0;
    // The kernel's queue has a bound, whatever it is on this machine.
    while (taken < 100'000 && socket->send("x"))
        ++taken;
    CHECK(taken > 0);
    CHECK(taken < 100'000);
    CHECK(receiver.read_present().size() == taken);
    CHECK(socket->send("there is room again"));
}

TEST_CASE("a receiver that was away is found again under its name") {
    auto receiver = std::make_unique<DatagramReceiver>();
    auto const socket = DatagramSocket::open(receiver->name());
    REQUIRE(socket);
    receiver->restart();
    CHECK(socket->send("after"));
    CHECK(receiver->read_present() == Datagrams{"after"});
    receiver.reset();
    CHECK(!socket->send("nobody"));
}

TEST_CASE("an abstract name is a name without a file") {
    std::string const name = "headrace-test-" + std::to_string(::getpid());
    int const receiver = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path + 1, name.c_str(), sizeof(address.sun_path) - 2);
    auto const length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    REQUIRE(::bind(receiver, reinterpret_cast<sockaddr const*>(&address), length) == 0);
    auto const socket = DatagramSocket::open("@" + name);
    REQUIRE(socket);
    CHECK(socket->send("hello"));
    std::array<char, 16> buffer{};
    CHECK(::recv(receiver, buffer.data(), buffer.size(), MSG_DONTWAIT) == 5);
    ::close(receiver);
}

TEST_CASE("a name that no unix socket can have is an error that says so") {
    CHECK(error_of("") == ": neither a path nor an abstract socket");
    CHECK(error_of("vsock:2:1234") == "vsock:2:1234: neither a path nor an abstract socket");
    CHECK(error_of("/" + std::string(200, 'x')).find("longer than a socket's name may be") !=
          std::string::npos);
}

}  // namespace headrace::ops
