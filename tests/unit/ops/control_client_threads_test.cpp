#include "ops/control_client.hpp"
#include "ops/control_server.hpp"
#include "ops/control_socket.hpp"
#include "temporary_path.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>

#include <fstream>
#include <optional>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace headrace::ops {
namespace {

using namespace std::chrono_literals;

ControlRequest const request{flow::RouteAction::drain, "clicks"};

std::string error_of(std::string const& path, ControlPatience const& patience = {}) {
    auto const answer = ask_daemon(path, request, patience);
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().message.find(path) != std::string::npos);
    return answer.error().message;
}

/// A server on a thread of its own.
class ServerThread {
  public:
    ServerThread(std::string const& path, ControlHandler handler)
        : server_(io_.get_executor(), {.socket = path}, std::move(handler)),
          work_(io_.get_executor()) {
        REQUIRE(server_.start().has_value());
        thread_ = std::thread([this] { io_.run(); });
    }
    ~ServerThread() {
        io_.stop();
        thread_.join();
    }

  private:
    boost::asio::io_context io_{1};
    ControlServer server_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    std::thread thread_;
};

/// Accepts one connection, says `text`, and closes it.
std::thread say_once(ControlSocket& socket, std::string text) {
    return std::thread([descriptor = socket.release(), text = std::move(text)] {
        // The descriptor does not block: the test's client may come later.
        int peer = -1;
        while (peer < 0) {
            peer = ::accept(descriptor, nullptr, nullptr);
        }
        ::send(peer, text.data(), text.size(), MSG_NOSIGNAL);
        ::close(peer);
        ::close(descriptor);
    });
}

TEST_CASE("a client gets the daemon's answer") {
    TemporaryPath const path;
    ServerThread const server(*path, [](ControlRequest const& asked, ControlReply const& reply) {
        reply({.is_done = asked.route == "clicks", .message = asked.route});
    });
    auto const answer = ask_daemon(*path, request);
    REQUIRE(answer.has_value());
    CHECK(answer->is_done);
    CHECK(answer->message == "clicks");
    auto const other = ask_daemon(*path, {flow::RouteAction::pause, "views"});
    REQUIRE(other.has_value());
    CHECK_FALSE(other->is_done);
    CHECK_FALSE(ask_daemon(*path, {flow::RouteAction::pause, std::string(5000, 'a')}).has_value());
}

TEST_CASE("a client without a daemon is told what to do") {
    TemporaryPath const path;
    CHECK(error_of(*path).find("is the daemon running") != std::string::npos);
    {
        auto socket = ControlSocket::listen(*path);
        REQUIRE(socket.has_value());
        ::close(socket->release());
        CHECK(error_of(*path).find("is gone") != std::string::npos);
    }
    std::ofstream(*path) << "a file";
    CHECK_FALSE(error_of(*path).empty());
    CHECK_FALSE(ask_daemon("", request).has_value());
    CHECK_FALSE(ask_daemon(std::string(200, 'a'), request).has_value());
}

TEST_CASE("a client that is not answered says so in time, and before that once that it waits") {
    TemporaryPath const path;
    auto const socket = ControlSocket::listen(*path);
    REQUIRE(socket.has_value());
    int notices = 0;
    auto const message =
        error_of(*path, {.limit = 20ms, .notice = 1ms, .on_slow = [&] { ++notices; }});
    CHECK(message.find("does not answer") != std::string::npos);
    CHECK(notices == 1);
}

TEST_CASE("answers that are none are told from a daemon's") {
    TemporaryPath const path;
    auto socket = ControlSocket::listen(*path);
    REQUIRE(socket.has_value());
    SECTION("nothing") {
        auto peer = say_once(*socket, "");
        CHECK(error_of(*path).find("without an answer") != std::string::npos);
        peer.join();
    }
    SECTION("half a line") {
        auto peer = say_once(*socket, "{\"version\":1");
        CHECK(error_of(*path).find("without an answer") != std::string::npos);
        peer.join();
    }
    SECTION("another protocol") {
        auto peer = say_once(*socket, "220 ready\r\n");
        CHECK(error_of(*path).find("otherwise than a headrace daemon") != std::string::npos);
        peer.join();
    }
    SECTION("no end") {
        auto peer = say_once(*socket, std::string(100'000, 'x'));
        CHECK(error_of(*path).find("without an answer") != std::string::npos);
        peer.join();
    }
}

}  // namespace
}  // namespace headrace::ops
