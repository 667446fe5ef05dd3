#include "ops/control_server.hpp"

#include "temporary_path.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch_test_macros.hpp>

#include <array>
#include <functional>
#include <memory>
#include <vector>

namespace headrace::ops {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using stream_protocol = asio::local::stream_protocol;

constexpr auto patience = 30s;

/// A client that does what the test says, on the server's own thread.
class Peer {
  public:
    Peer(asio::io_context& io, std::string const& path) : socket_(io) {
        socket_.connect(stream_protocol::endpoint(path));
        socket_.non_blocking(true);
    }
    void send(std::string_view text) {
        boost::system::error_code ignored;
        asio::write(socket_, asio::buffer(text), ignored);
    }
    void end_sending() { socket_.shutdown(stream_protocol::socket::shutdown_send); }
    /// Takes what has come.
    void look() {
        std::array<char, 4096> buffer{};
        boost::system::error_code error;
        while (!is_closed) {
            auto const count = socket_.read_some(asio::buffer(buffer), error);
            if (error == asio::error::would_block) return;
            if (error) is_closed = true;
            heard.append(buffer.data(), count);
        }
    }

    std::string heard;
    bool is_closed = false;

  private:
    stream_protocol::socket socket_;
};

struct Fixture {
    explicit Fixture(Duration time_limit = 10s) {
        settings.socket = *path;
        settings.connections_max = 4;
        settings.time_limit = time_limit;
        server = std::make_unique<ControlServer>(
            io.get_executor(), settings, [this](ControlRequest const& request, ControlReply reply) {
                requests.push_back(request);
                if (holds_replies) {
                    replies.push_back(std::move(reply));
                } else {
                    reply({.is_done = true, .message = "done with " + request.route});
                }
            });
        REQUIRE(server->start().has_value());
    }
    void until(std::function<bool()> const& reached) {
        SystemClock const clock;
        auto const limit = clock.now() + patience;
        while (!reached()) {
            if (clock.now() >= limit) FAIL("what the test waits for never came");
            io.restart();
            io.run_one_for(1ms);
        }
    }
    std::string ask(std::string const& text, bool ends = false) {
        Peer peer(io, *path);
        peer.send(text);
        if (ends) peer.end_sending();
        until([&] {
            peer.look();
            return peer.is_closed;
        });
        return peer.heard;
    }

    TemporaryPath path;
    asio::io_context io;
    ControlSettings settings;
    std::vector<ControlRequest> requests;
    std::vector<ControlReply> replies;
    bool holds_replies = false;
    std::unique_ptr<ControlServer> server;
};

std::string const good = write_request({flow::RouteAction::pause, "clicks"});

TEST_CASE("a line is handed on and answered with one, then the connection ends") {
    Fixture fixture;
    CHECK(fixture.ask(good) == write_answer({.is_done = true, .message = "done with clicks"}));
    REQUIRE(fixture.requests.size() == 1);
    CHECK(fixture.requests.front().action == flow::RouteAction::pause);
    fixture.until([&] { return fixture.server->connections() == 0; });
}

TEST_CASE("a line may come byte by byte, and its answer late") {
    Fixture fixture;
    fixture.holds_replies = true;
    Peer peer(fixture.io, *fixture.path);
    for (char const byte : good) {
        CHECK(fixture.requests.empty());
        peer.send({&byte, 1});
        fixture.io.restart();
        fixture.io.poll();
    }
    fixture.until([&] { return fixture.replies.size() == 1; });
    fixture.replies.front()({.is_done = true, .message = "late"});
    fixture.replies.front()({.is_done = true, .message = "twice"});
    fixture.until([&] {
        peer.look();
        return peer.is_closed;
    });
    CHECK(peer.heard == write_answer({.is_done = true, .message = "late"}));
}

TEST_CASE("what is no request is refused, and the next one is served") {
    Fixture fixture;
    auto const refused = [&](std::string const& text, std::string const& why, bool ends = false) {
        INFO(why);
        auto const answer = fixture.ask(text, ends);
        CHECK(answer.find("\"done\":false") != std::string::npos);
        CHECK(answer.find(why) != std::string::npos);
    };
    refused("nonsense\n", "not one JSON object");
    refused(std::string("\0\xFF\x01\n", 4), "not one JSON object");
    refused("\n", "not one JSON object");
    refused(good + good, "more than one line");
    refused(std::string(control_line_bytes_max + 1, 'x'), "longer than");
    refused(good.substr(0, 20), "does not end", true);
    CHECK(fixture.ask("", true).empty());
    CHECK(fixture.requests.empty());
    CHECK(fixture.ask(good).find("done with") != std::string::npos);
}

TEST_CASE("a client that says nothing is let go when its time has passed") {
    Fixture fixture(50ms);
    CHECK(fixture.ask("").empty());
    CHECK(fixture.ask(good.substr(0, 20)).empty());
    CHECK(fixture.server->connections() == 0);
}

TEST_CASE("a client that hangs up before its answer costs nothing") {
    Fixture fixture;
    fixture.holds_replies = true;
    {
        Peer peer(fixture.io, *fixture.path);
        peer.send(good);
        fixture.until([&] { return fixture.replies.size() == 1; });
    }
    fixture.replies.front()({.is_done = true, .message = "nobody hears it"});
    fixture.until([&] { return fixture.server->connections() == 0; });
    fixture.holds_replies = false;
    CHECK(fixture.ask(good).find("done with") != std::string::npos);
}

TEST_CASE("one client too many is told so at once, and there is room again later") {
    Fixture fixture;
    fixture.holds_replies = true;
    std::vector<std::unique_ptr<Peer>> peers;
    for (std::size_t i = 0; i != fixture.settings.connections_max; ++i) {
        peers.push_back(std::make_unique<Peer>(fixture.io, *fixture.path));
        peers.back()->send(good);
    }
    fixture.until([&] { return fixture.replies.size() == fixture.settings.connections_max; });
    CHECK(fixture.ask("").find("try again") != std::string::npos);
    for (auto const& reply : fixture.replies) {
        reply({.is_done = true, .message = "done"});
    }
    fixture.until([&] { return fixture.server->connections() == 0; });
    fixture.holds_replies = false;
    CHECK(fixture.ask(good).find("done with") != std::string::npos);
}

TEST_CASE("a stopped server has no socket and no connection, and late replies go nowhere") {
    Fixture fixture;
    fixture.holds_replies = true;
    Peer peer(fixture.io, *fixture.path);
    Peer silent(fixture.io, *fixture.path);
    peer.send(good);
    fixture.until(
        [&] { return fixture.replies.size() == 1 && fixture.server->connections() == 2; });
    fixture.server->stop();
    CHECK_FALSE(std::filesystem::exists(*fixture.path));
    fixture.server.reset();
    fixture.replies.front()({.is_done = true, .message = "too late"});
    fixture.until([&] {
        peer.look();
        silent.look();
        return peer.is_closed && silent.is_closed;
    });
    CHECK(peer.heard.empty());
}

TEST_CASE("a socket that cannot be made is an error of the start") {
    Fixture fixture;
    ControlServer second(fixture.io.get_executor(), fixture.settings, {});
    auto const started = second.start();
    REQUIRE_FALSE(started.has_value());
    CHECK(started.error().message.find("control.socket") != std::string::npos);
    second.stop();
    CHECK(std::filesystem::exists(*fixture.path));
}

}  // namespace
}  // namespace headrace::ops
