#include "http/client.hpp"

#include "client_fixture.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace std::chrono_literals;
using namespace headrace::http::testing;
using headrace::ErrorCode;
namespace http = headrace::http;

namespace {

bool says(headrace::Result<void> const& result, std::string_view text) {
    return !result && result.error().message.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("a request arrives as it was meant and its answer comes back") {
    ClientFixture fixture;
    ScriptedPeer const peer(fixture.io,
                            {{{{"HTTP/1.1 201 Made\r\nX: y\r\nContent-Length: 5\r\n\r\nhello"}}}});
    fixture.make(settings_for(peer.port()));
    std::vector<std::pair<std::string, std::string>> const headers{{"Authorization", "Bearer t"}};
    fixture.request.headers = headers;
    auto const exchanged = fixture.exchange("the body");
    REQUIRE(exchanged);
    CHECK(fixture.response.status == 201);
    CHECK(fixture.response.body == "hello");
    CHECK(fixture.response.header("x") == "y");
    CHECK(peer.seen->requests.at(0) ==
          "POST /path HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(peer.port()) +
              "\r\nContent-Length: 8\r\nAuthorization: Bearer t\r\n\r\nthe body");
}

TEST_CASE("exchanges one after the other use one connection") {
    ClientFixture fixture;
    ScriptedPeer const peer(fixture.io, {{std::vector<Reply>(5, {ok("x")})}});
    fixture.make(settings_for(peer.port()));
    for (int count = 0; count < 5; ++count)
        REQUIRE(fixture.exchange());
    CHECK(peer.seen->accepted == 1);
    CHECK(fixture.client->connections() == 1);
}

TEST_CASE("every form of answer is read") {
    struct Row {
        std::string name;
        Reply reply;
        std::string body;
        std::size_t kept;
    };
    auto const by_bytes = GENERATE(false, true);
    auto row = GENERATE(
        Row{"content-length", {ok("abc")}, "abc", 1},
        Row{"chunked",
            {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"},
            "abc",
            1},
        Row{"HTTP/1.0", {"HTTP/1.0 200 OK\r\n\r\nabc", After::close}, "abc", 0},
        Row{"interim", {"HTTP/1.1 100 Continue\r\n\r\n" + ok("abc")}, "abc", 1},
        Row{"connection: close",
            {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc",
             After::silence},
            "abc",
            0},
        Row{"bytes after it", {ok("abc") + "HTTP/1.1 500 No\r\n\r\n", After::silence}, "abc", 0});
    // Byte by byte the answer is whole before what follows it has come.
    if (by_bytes && row.name == "bytes after it") return;
    row.reply.by_bytes = by_bytes;
    INFO(row.name);
    ClientFixture fixture;
    ScriptedPeer const peer(fixture.io, {{{row.reply}}});
    fixture.make(settings_for(peer.port()));
    REQUIRE(fixture.exchange());
    CHECK(fixture.response.body == row.body);
    CHECK(fixture.client->connections() == row.kept);
}

TEST_CASE("a large body and a large answer go through") {
    ClientFixture fixture;
    std::string const large(700'000, 'x');
    ScriptedPeer const peer(fixture.io, {{{{ok(large)}, {ok("small")}}}});
    fixture.make(settings_for(peer.port()));
    REQUIRE(fixture.exchange(large));
    CHECK(fixture.response.body == large);
    CHECK(peer.seen->requests.at(0).ends_with(large));
    REQUIRE(fixture.exchange(""));
    CHECK(fixture.response.body == "small");
}

TEST_CASE("a kept connection that the peer closed is tried again once on a fresh one") {
    ClientFixture fixture;
    auto const after = GENERATE(After::close, After::reset);
    ScriptedPeer const peer(fixture.io, {{{{ok("1")}, {"", after}}, {{ok("2")}}}});
    fixture.make(settings_for(peer.port()));
    REQUIRE(fixture.exchange());
    REQUIRE(fixture.exchange());
    CHECK(fixture.response.body == "2");
    CHECK(peer.seen->accepted == 2);
    CHECK(peer.seen->requests.size() == 3);
    CHECK(fixture.client->connections() == 1);
}

TEST_CASE("the second try is the last one") {
    ClientFixture fixture;
    ScriptedPeer const peer(fixture.io, {{{{ok("1")}, {"", After::close}}, {{"", After::close}}}});
    fixture.make(settings_for(peer.port()));
    REQUIRE(fixture.exchange());
    auto const exchanged = fixture.exchange();
    REQUIRE_FALSE(exchanged);
    CHECK(exchanged.error().code == ErrorCode::connection);
    CHECK(peer.seen->accepted == 2);
    CHECK(fixture.client->connections() == 0);
}

TEST_CASE("a fresh connection that breaks is not tried again") {
    ClientFixture fixture;
    auto const after = GENERATE(After::close, After::reset);
    ScriptedPeer const peer(fixture.io, {{{{"", after}}}});
    fixture.make(settings_for(peer.port()));
    auto const exchanged = fixture.exchange();
    REQUIRE_FALSE(exchanged);
    CHECK(exchanged.error().code == ErrorCode::connection);
    CHECK(exchanged.error().message.find("127.0.0.1:" + std::to_string(peer.port())) !=
          std::string::npos);
    CHECK(peer.seen->requests.size() == 1);
}

TEST_CASE("a kept connection that breaks in the middle of an answer is not tried again") {
    ClientFixture fixture;
    auto const after = GENERATE(After::close, After::reset);
    auto const* const part =
        GENERATE("H", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab");
    ScriptedPeer const peer(fixture.io, {{{{ok("1")}, {part, after}}}});
    fixture.make(settings_for(peer.port()));
    REQUIRE(fixture.exchange());
    auto const exchanged = fixture.exchange();
    REQUIRE_FALSE(exchanged);
    CHECK(exchanged.error().code == ErrorCode::connection);
    CHECK(peer.seen->requests.size() == 2);
    CHECK(fixture.client->connections() == 0);
}

TEST_CASE("a silent peer is a timeout, also in the middle of an answer, and not tried again") {
    ClientFixture fixture;
    auto const* const part = GENERATE("", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    auto const kept = GENERATE(false, true);
    std::vector<Reply> replies{{part, After::silence}};
    if (kept) replies.insert(replies.begin(), Reply{ok("1")});
    ScriptedPeer const peer(fixture.io, {{replies}});
    fixture.make(settings_for(peer.port()));
    if (kept) REQUIRE(fixture.exchange());
    peer.seen->on_request = [&] { fixture.clock.advance(30s); };
    auto const exchanged = fixture.exchange();
    REQUIRE_FALSE(exchanged);
    CHECK(exchanged.error().code == ErrorCode::timeout);
    CHECK(says(exchanged, "30000 ms (http.timeout_secs)"));
    CHECK(fixture.client->connections() == 0);
    run_until(fixture.io, [&] { return peer.seen->ended == 1; });
}

TEST_CASE("an answer just before the deadline counts") {
    ClientFixture fixture;
    ScriptedPeer const peer(fixture.io, {{{{ok("1")}}}});
    fixture.make(settings_for(peer.port()));
    peer.seen->on_request = [&] { fixture.clock.advance(30s - 1ns); };
    CHECK(fixture.exchange());
}

TEST_CASE("an answer that is too large or no HTTP ends its connection") {
    struct Row {
        std::string bytes;
        ErrorCode code;
    };
    auto const row = GENERATE(
        Row{ok(std::string(1U << 20, 'x')), ErrorCode::too_large},
        Row{"HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n", ErrorCode::too_large},
        Row{"SSH-2.0-x\r\n\r\n", ErrorCode::bad_response},
        Row{"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", ErrorCode::bad_response},
        Row{std::string("\0\xFF\x15\r\n\r\n and more", 16), ErrorCode::bad_response});
    ClientFixture fixture;
    ScriptedPeer const peer(fixture.io, {{{{row.bytes, After::silence}}}});
    fixture.make(settings_for(peer.port()));
    auto const exchanged = fixture.exchange();
    REQUIRE_FALSE(exchanged);
    CHECK(exchanged.error().code == row.code);
    CHECK(fixture.client->connections() == 0);
}

TEST_CASE("a peer that answers before it has read the request, and closes, is heard") {
    ClientFixture fixture;
    boost::asio::ip::tcp::acceptor acceptor(fixture.io,
                                            {boost::asio::ip::address_v4::loopback(), 0});
    fixture.make(settings_for(acceptor.local_endpoint().port()));
    std::string const large(20U << 20, 'x');
    auto started = fixture.start(large);
    boost::asio::ip::tcp::socket socket(fixture.io);
    bool accepted = false;
    acceptor.async_accept(socket, [&](auto) { accepted = true; });
    run_until(fixture.io, [&] { return accepted; });
    boost::asio::write(
        socket, boost::asio::buffer(std::string(
                    "HTTP/1.1 413 Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")));
    socket.shutdown(boost::asio::ip::tcp::socket::shutdown_send);
    fixture.settle();
    // The rest is read away or reset, as the peer likes; the client must not hang on either.
    std::string scratch(1U << 20, '\0');
    for (int reads = 0; reads < 200 && !started.is_done(); ++reads) {
        boost::system::error_code error;
        socket.non_blocking(true);
        socket.read_some(boost::asio::buffer(scratch), error);
        fixture.io.restart();
        fixture.io.run_one_for(1ms);
    }
    auto const exchanged = started.finish();
    REQUIRE(exchanged);
    CHECK(fixture.response.status == 413);
}

TEST_CASE("a peer that answers and resets while the request is being sent is heard") {
    ClientFixture fixture;
    boost::asio::ip::tcp::acceptor acceptor(fixture.io,
                                            {boost::asio::ip::address_v4::loopback(), 0});
    fixture.make(settings_for(acceptor.local_endpoint().port()));
    std::string const large(20U << 20, 'x');
    auto started = fixture.start(large);
    boost::asio::ip::tcp::socket socket(fixture.io);
    bool accepted = false;
    acceptor.async_accept(socket, [&](auto) { accepted = true; });
    run_until(fixture.io, [&] { return accepted; });
    boost::asio::write(socket, boost::asio::buffer(
                                   std::string("HTTP/1.1 413 Large\r\nContent-Length: 0\r\n\r\n")));
    // With the request unread, closing sends RST.
    socket.close();
    auto const exchanged = started.finish();
    REQUIRE(exchanged);
    CHECK(fixture.response.status == 413);
    CHECK(fixture.client->connections() == 0);
}

TEST_CASE("a reset in the middle of a request is tried again only on a kept connection") {
    auto const kept = GENERATE(false, true);
    ClientFixture fixture;
    boost::asio::ip::tcp::acceptor acceptor(fixture.io,
                                            {boost::asio::ip::address_v4::loopback(), 0});
    fixture.make(settings_for(acceptor.local_endpoint().port()));
    boost::asio::ip::tcp::socket socket(fixture.io);
    auto const accept = [&] {
        bool accepted = false;
        acceptor.async_accept(socket, [&](auto) { accepted = true; });
        run_until(fixture.io, [&] { return accepted; });
    };
    std::string scratch(1000, '\0');
    auto const answer = [&](Started<headrace::Result<void>>& started) {
        boost::asio::write(socket, boost::asio::buffer(ok("1")));
        return started.finish();
    };
    if (kept) {
        auto first = fixture.start();
        accept();
        fixture.settle();
        boost::asio::read(socket, boost::asio::buffer(scratch), boost::asio::transfer_at_least(1));
        REQUIRE(answer(first));
    }
    std::string const large(20U << 20, 'x');
    auto started = fixture.start(large);
    if (!kept) accept();
    fixture.settle();
    boost::asio::read(socket, boost::asio::buffer(scratch));
    socket.set_option(boost::asio::ip::tcp::socket::linger(true, 0));
    socket.close();
    if (kept) {
        accept();
        std::string rest(large.size(), '\0');
        bool is_read = false;
        boost::asio::async_read(socket, boost::asio::buffer(rest),
                                [&](auto, auto) { is_read = true; });
        run_until(fixture.io, [&] { return is_read; });
        CHECK(answer(started));
    } else {
        auto const exchanged = started.finish();
        REQUIRE_FALSE(exchanged);
        CHECK(exchanged.error().code == ErrorCode::connection);
    }
}

TEST_CASE("an answer that trickles has no more time than any other") {
    ClientFixture fixture;
    ScriptedPeer const peer(
        fixture.io,
        {{{{"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + std::string(99'999, 'x'),
            After::silence, true}}}});
    fixture.make(settings_for(peer.port()));
    auto started = fixture.start();
    run_until(fixture.io, [&] {
        fixture.clock.advance(1ms);
        return started.is_done();
    });
    auto const exchanged = started.finish();
    REQUIRE_FALSE(exchanged);
    CHECK(exchanged.error().code == ErrorCode::timeout);
}

TEST_CASE("a request that would smuggle another is refused and sends nothing") {
    ClientFixture fixture;
    ScriptedPeer const peer(fixture.io, {{{{ok("1")}, {ok("2")}}}});
    fixture.make(settings_for(peer.port()));
    REQUIRE(fixture.exchange());
    std::vector<std::pair<std::string, std::string>> const headers{{"X", "a\r\nY: b"}};
    fixture.request.headers = headers;
    auto const exchanged = fixture.exchange();
    REQUIRE_FALSE(exchanged);
    CHECK(exchanged.error().code == ErrorCode::invalid_argument);
    CHECK(peer.seen->requests.size() == 1);
    fixture.request.headers = {};
    REQUIRE(fixture.exchange());
    CHECK(peer.seen->accepted == 1);
}

TEST_CASE("64 exchanges at once each get their own answer") {
    ClientFixture fixture;
    ScriptedPeer const peer(fixture.io, {{{{ok("1")}, {ok("2")}}}});
    auto settings = settings_for(peer.port());
    settings.connections_max = 64;
    fixture.make(settings);
    for (int round = 0; round < 2; ++round) {
        std::vector<http::Response> responses(64);
        std::vector<Started<headrace::Result<void>>> started;
        fixture.request.target = "/";
        for (auto& response : responses) {
            started.emplace_back(fixture.io, fixture.client->exchange(fixture.request, response));
        }
        for (auto& each : started)
            CHECK(each.finish());
        for (auto const& response : responses)
            CHECK(response.body == std::to_string(round + 1));
    }
    CHECK(peer.seen->accepted == 64);
    CHECK(fixture.client->connections() == 64);
}

TEST_CASE("a client that goes away ends its exchanges") {
    ClientFixture fixture;
    ScriptedPeer const peer(fixture.io, {{{{"", After::silence}}}});
    fixture.make(settings_for(peer.port()));
    auto started = fixture.start();
    run_until(fixture.io, [&] { return peer.seen->requests.size() == 1; });
    fixture.client.reset();
    auto const exchanged = started.finish();
    REQUIRE_FALSE(exchanged);
    CHECK(exchanged.error().code == ErrorCode::connection);
}

TEST_CASE("a context that goes away with exchanges under way leaves nothing behind") {
    auto const stage = GENERATE(0, 1);
    headrace::fakes::ManualClock clock;
    http::Request const request{.method = "POST", .target = "/", .headers = {}, .body = ""};
    http::Response response;
    boost::asio::io_context io;
    ScriptedPeer const peer(io, {{{{"", After::silence}}}});
    http::Client client(io.get_executor(), settings_for(peer.port()), clock);
    Started<headrace::Result<void>> const started(io, client.exchange(request, response));
    if (stage == 1) run_until(io, [&] { return peer.seen->requests.size() == 1; });
    CHECK_FALSE(started.is_done());
}
