#include "http/connection_pool.hpp"

#include "client_fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace std::chrono_literals;
using namespace headrace::http::testing;
using headrace::ErrorCode;
namespace http = headrace::http;

TEST_CASE("a connection idle for idle_timeout is closed without being asked for") {
    ClientFixture fixture;
    ScriptedPeer const peer(fixture.io, {{{{ok("1")}, {ok("2")}}}});
    fixture.make(settings_for(peer.port()));
    REQUIRE(fixture.exchange());
    CHECK(fixture.client->connections() == 1);
    fixture.clock.advance(20s);
    run_until(fixture.io, [&] { return fixture.client->connections() == 0; });
    run_until(fixture.io, [&] { return peer.seen->ended == 1; });
}

TEST_CASE("a connection idle for too long is not used again, one idle for less is") {
    ClientFixture fixture;
    ScriptedPeer const peer(fixture.io, {{{{ok("1")}, {ok("2")}}}});
    fixture.make(settings_for(peer.port()));
    REQUIRE(fixture.exchange());
    fixture.clock.advance(20s - 1ns);
    REQUIRE(fixture.exchange());
    CHECK(peer.seen->accepted == 1);
    fixture.clock.advance(20s);
    REQUIRE(fixture.exchange());
    CHECK(peer.seen->accepted == 2);
}

TEST_CASE("an idle connection that the peer closes is let go of") {
    ClientFixture fixture;
    ScriptedPeer peer(fixture.io, {{{{ok("1")}, {ok("2")}}}});
    fixture.make(settings_for(peer.port()));
    REQUIRE(fixture.exchange());
    peer.close_all();
    run_until(fixture.io, [&] { return fixture.client->connections() == 0; });
}

TEST_CASE("an idle connection on which unasked bytes came is not used again") {
    ClientFixture fixture;
    auto const idle_for = GENERATE(0ms, 5ms);
    ScriptedPeer peer(fixture.io, {{{{ok("1")}, {ok("wrong")}}, {{ok("right")}}}});
    fixture.make(settings_for(peer.port()));
    REQUIRE(fixture.exchange());
    peer.send_unasked(ok("stray"));
    fixture.clock.advance(idle_for);
    REQUIRE(fixture.exchange());
    CHECK(fixture.response.body == "right");
    CHECK(peer.seen->accepted == 2);
    CHECK(fixture.client->connections() == 1);
}

TEST_CASE("after a kept connection that fell silent the other kept ones are not used either") {
    ClientFixture fixture;
    std::vector<Reply> const falls_silent{{ok("1")}, {"", After::silence}};
    ScriptedPeer peer(fixture.io, {{falls_silent, falls_silent, {{ok("fresh")}}}});
    auto settings = settings_for(peer.port());
    settings.idle_timeout = 60s;
    fixture.make(settings);
    http::Response other;
    auto first = fixture.start();
    Started<headrace::Result<void>> second(fixture.io,
                                           fixture.client->exchange(fixture.request, other));
    REQUIRE(first.finish());
    REQUIRE(second.finish());
    auto third = fixture.start();
    run_until(fixture.io, [&] { return peer.seen->requests.size() == 3; });
    fixture.clock.advance(30s);
    auto const exchanged = third.finish();
    REQUIRE_FALSE(exchanged);
    CHECK(exchanged.error().code == ErrorCode::timeout);
    CHECK(fixture.client->connections() == 0);
    REQUIRE(fixture.exchange());
    CHECK(fixture.response.body == "fresh");
}

TEST_CASE("the connection used last is used first, so that the others may age") {
    ClientFixture fixture;
    ScriptedPeer const peer(fixture.io, {{std::vector<Reply>(9, {ok("1")})}});
    fixture.make(settings_for(peer.port()));
    http::Response other;
    auto first = fixture.start();
    Started<headrace::Result<void>> second(fixture.io,
                                           fixture.client->exchange(fixture.request, other));
    REQUIRE(first.finish());
    REQUIRE(second.finish());
    CHECK(fixture.client->connections() == 2);
    for (int round = 0; round < 4; ++round) {
        fixture.clock.advance(6s);
        REQUIRE(fixture.exchange());
    }
    run_until(fixture.io, [&] { return fixture.client->connections() == 1; });
    CHECK(peer.seen->accepted == 2);
}

TEST_CASE("over connections_max exchanges wait for one another") {
    ClientFixture fixture;
    ScriptedPeer const peer(fixture.io, {{std::vector<Reply>(99, {ok("1")})}});
    auto settings = settings_for(peer.port());
    settings.connections_max = 2;
    fixture.make(settings);
    std::vector<http::Response> responses(20);
    std::vector<Started<headrace::Result<void>>> started;
    fixture.request.target = "/";
    for (auto& response : responses) {
        started.emplace_back(fixture.io, fixture.client->exchange(fixture.request, response));
    }
    for (auto& each : started)
        CHECK(each.finish());
    CHECK(peer.seen->accepted == 2);
    CHECK(fixture.client->connections() == 2);
}

TEST_CASE("exchanges that wait for a connection get one when others fail") {
    ClientFixture fixture;
    ScriptedPeer const peer(fixture.io, {{{{"", After::close}}}});
    auto settings = settings_for(peer.port());
    settings.connections_max = 2;
    fixture.make(settings);
    std::vector<http::Response> responses(20);
    std::vector<Started<headrace::Result<void>>> started;
    fixture.request.target = "/";
    for (auto& response : responses) {
        started.emplace_back(fixture.io, fixture.client->exchange(fixture.request, response));
    }
    for (auto& each : started)
        CHECK_FALSE(each.finish());
    CHECK(peer.seen->accepted == 20);
    CHECK(fixture.client->connections() == 0);
}

TEST_CASE("an exchange that gets no connection in connect_timeout fails and says why") {
    ClientFixture fixture;
    ScriptedPeer const peer(fixture.io, {{{{"", After::silence}}}});
    auto settings = settings_for(peer.port());
    settings.connections_max = 1;
    settings.connect_timeout = 60ms;
    fixture.make(settings);
    auto const first = fixture.start();
    http::Response other;
    auto const second = run(fixture.io, fixture.client->exchange(fixture.request, other));
    REQUIRE_FALSE(second);
    CHECK(second.error().code == ErrorCode::timeout);
    CHECK(second.error().message.find("none of the 1 connections") != std::string::npos);
    CHECK_FALSE(first.is_done());
}

TEST_CASE("an exchange that waits for a connection ends with its client") {
    ClientFixture fixture;
    ScriptedPeer const peer(fixture.io, {{{{"", After::silence}}}});
    auto settings = settings_for(peer.port());
    settings.connections_max = 1;
    fixture.make(settings);
    auto first = fixture.start();
    http::Response other;
    Started<headrace::Result<void>> second(fixture.io,
                                           fixture.client->exchange(fixture.request, other));
    fixture.settle();
    fixture.client.reset();
    CHECK_FALSE(first.finish());
    auto const ended = second.finish();
    REQUIRE_FALSE(ended);
    CHECK(ended.error().message.find("closed") != std::string::npos);
}

TEST_CASE("a stale connection's second try makes room for itself") {
    ClientFixture fixture;
    ScriptedPeer const peer(
        fixture.io,
        {{{{ok("1")}, {"", After::close}}, {{ok("2")}, {ok("3")}}, {{ok("4")}, {ok("5")}}}});
    auto settings = settings_for(peer.port());
    settings.connections_max = 1;
    fixture.make(settings);
    REQUIRE(fixture.exchange());
    REQUIRE(fixture.exchange());
    CHECK(fixture.response.body == "2");
    CHECK(fixture.client->connections() == 1);
}

TEST_CASE("renew closes idle connections at once and busy ones after their exchange") {
    ClientFixture fixture;
    ScriptedPeer const peer(fixture.io, {{{{ok("1")}, {ok("2")}}}});
    auto const settings = settings_for(peer.port());
    fixture.make(settings);
    REQUIRE(fixture.exchange());
    CHECK(fixture.client->renew(settings));
    CHECK(fixture.client->connections() == 0);
    peer.seen->on_request = [&] { std::ignore = fixture.client->renew(settings); };
    REQUIRE(fixture.exchange());
    CHECK(fixture.client->connections() == 0);
    CHECK(peer.seen->accepted == 2);
}

TEST_CASE("without connections no timer keeps the context running") {
    ClientFixture fixture;
    auto peer = std::make_unique<ScriptedPeer>(
        fixture.io, PeerScript{.connections = {{{ok("1"), After::close}}}, .tls = nullptr});
    fixture.make(settings_for(peer->port()));
    REQUIRE(fixture.exchange());
    peer.reset();
    fixture.io.restart();
    fixture.io.run();
    CHECK(fixture.client->connections() == 0);
}
