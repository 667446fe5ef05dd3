#include "http/connection.hpp"

#include "client_fixture.hpp"
#include "fake_names.hpp"
#include "http/tls.hpp"
#include "test_certificates.hpp"

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

http::ClientSettings tls_settings(std::uint16_t port, TestCertificates const& certificates,
                                  std::string host = "127.0.0.1") {
    auto settings = settings_for(port, std::move(host));
    settings.url.tls = true;
    settings.tls.ca_file = certificates.ca_file();
    return settings;
}

}  // namespace

TEST_CASE("a port where nobody listens is a connection error with address and cause") {
    ClientFixture fixture;
    auto const port = free_port(fixture.io);
    fixture.make(settings_for(port));
    auto const exchanged = fixture.exchange();
    REQUIRE_FALSE(exchanged);
    CHECK(exchanged.error().code == ErrorCode::connection);
    CHECK(says(exchanged, "127.0.0.1:" + std::to_string(port)));
    CHECK(says(exchanged, "refused"));
    CHECK(fixture.client->connections() == 0);
}

TEST_CASE("an unknown name is a connection error that names it") {
    ClientFixture fixture;
    fixture.make(settings_for(80, "no-such-host.invalid"));
    auto const exchanged = fixture.exchange();
    REQUIRE_FALSE(exchanged);
    CHECK(exchanged.error().code == ErrorCode::connection);
    CHECK(says(exchanged, "the name no-such-host.invalid cannot be looked up"));
}

TEST_CASE("a look-up that hangs is a timeout that says so, and those after it share its thread") {
    ClientFixture fixture;
    FakeName name("hangs.test", {"127.0.0.1"});
    name.hang();
    fixture.make(settings_for(80, "hangs.test"));
    for (int round = 0; round < 3; ++round) {
        auto started = fixture.start();
        fixture.settle();
        fixture.clock.advance(5s);
        auto const exchanged = started.finish();
        REQUIRE_FALSE(exchanged);
        CHECK(exchanged.error().code == ErrorCode::timeout);
        CHECK(says(exchanged, "5000 ms (http.connect_timeout_secs), while looking up the name"));
        CHECK(fixture.client->connections() == 0);
    }
    CHECK(name.asked() <= 1);
}

TEST_CASE("a resolver that fails is asked again for the next request") {
    ClientFixture fixture;
    FakeName name("destination.test", {});
    ScriptedPeer const peer(fixture.io, {{{{ok("1")}}}});
    fixture.make(settings_for(peer.port(), "destination.test"));
    auto const exchanged = fixture.exchange();
    REQUIRE_FALSE(exchanged);
    CHECK(exchanged.error().code == ErrorCode::connection);
    CHECK(says(exchanged, "the name destination.test cannot be looked up"));
    name.set({"127.0.0.1"});
    CHECK(fixture.exchange());
}

TEST_CASE("a name that moved is found at its new address with the next connection") {
    ClientFixture fixture;
    FakeName name("destination.test", {"127.0.0.1"});
    ScriptedPeer const before(fixture.io, {{{{ok("old"), After::close}}}});
    ScriptedPeer const after(
        fixture.io,
        {.connections = {{{ok("new")}}}, .address = "127.0.0.2", .port = before.port()});
    fixture.make(settings_for(before.port(), "destination.test"));
    REQUIRE(fixture.exchange());
    CHECK(fixture.response.body == "old");
    name.set({"127.0.0.2"});
    REQUIRE(fixture.exchange());
    CHECK(fixture.response.body == "new");
}

TEST_CASE("all addresses of a name are tried") {
    ClientFixture fixture;
    // localhost is ::1, where nobody listens, and 127.0.0.1, or the latter alone.
    ScriptedPeer const peer(fixture.io, {{{{ok("1")}}}});
    fixture.make(settings_for(peer.port(), "localhost"));
    REQUIRE(fixture.exchange());
    CHECK(peer.seen->requests.at(0).find("\r\nHost: localhost:") != std::string::npos);
}

TEST_CASE("a peer that takes no connection is a timeout that says so") {
    ClientFixture fixture;
    FullBacklog const full(fixture.io);
    fixture.make(settings_for(full.port()));
    auto started = fixture.start();
    fixture.settle();
    fixture.clock.advance(5s);
    auto const exchanged = started.finish();
    REQUIRE_FALSE(exchanged);
    CHECK(exchanged.error().code == ErrorCode::timeout);
    CHECK(says(exchanged, "5000 ms (http.connect_timeout_secs), while connecting"));
    CHECK(fixture.client->connections() == 0);
}

TEST_CASE("a client that goes away while connecting ends the exchange") {
    ClientFixture fixture;
    FullBacklog const full(fixture.io);
    fixture.make(settings_for(full.port()));
    auto started = fixture.start();
    fixture.settle();
    fixture.client.reset();
    auto const exchanged = started.finish();
    REQUIRE_FALSE(exchanged);
    CHECK(exchanged.error().code == ErrorCode::connection);
}

TEST_CASE("TLS: a good certificate is accepted for an address and for a name, with SNI for names") {
    ClientFixture fixture;
    TestCertificates const certificates;
    auto const* const host = GENERATE("127.0.0.1", "localhost");
    ScriptedPeer const peer(fixture.io,
                            {{{{ok("1")}, {ok("2")}}}, certificates.server(certificates.issue())});
    fixture.make(tls_settings(peer.port(), certificates, host));
    std::string const large(100'000, 'x');
    REQUIRE(fixture.exchange(large));
    REQUIRE(fixture.exchange());
    CHECK(fixture.response.body == "2");
    CHECK(peer.seen->requests.at(0).ends_with(large));
    CHECK(peer.seen->accepted == 1);
    CHECK(peer.seen->server_names ==
          std::vector<std::string>{std::string(host) == "localhost" ? "localhost" : ""});
}

TEST_CASE("TLS: a bad certificate is refused and the error names the cause") {
    ClientFixture fixture;
    TestCertificates const certificates;
    TestCertificates const strangers;
    struct Row {
        CertificateRequest request;
        std::string host;
        std::string cause;
    };
    auto const row = GENERATE(
        Row{{.valid_from_secs = -7200, .valid_until_secs = -3600}, "localhost", "has expired"},
        Row{{.valid_from_secs = 3600, .valid_until_secs = 7200}, "localhost", "not valid yet"},
        Row{{.names = "DNS:other.example"}, "localhost", "is for another host"},
        Row{{.names = "DNS:127.0.0.1"}, "127.0.0.1", "is for another host"},
        Row{{.names = "IP:127.0.0.2"}, "127.0.0.1", "is for another host"},
        Row{{.names = "DNS:local*"}, "localhost", "is for another host"},
        Row{{}, "localhost", "issuer of the certificate of localhost"});
    bool const unknown_issuer = row.cause.starts_with("issuer");
    auto const& issuer = unknown_issuer ? strangers : certificates;
    ScriptedPeer const peer(fixture.io, {{{{ok("1")}}}, issuer.server(issuer.issue(row.request))});
    auto settings = tls_settings(peer.port(), certificates, row.host);
    fixture.make(settings);
    auto const exchanged = fixture.exchange();
    REQUIRE_FALSE(exchanged);
    CHECK(exchanged.error().code == ErrorCode::tls);
    INFO(exchanged.error().message);
    CHECK(says(exchanged, row.cause));
    CHECK(peer.seen->requests.empty());

    settings.tls.verify = false;
    fixture.make(settings);
    CHECK(fixture.exchange());
}

TEST_CASE("TLS: a client certificate is sent, and its lack is a TLS error") {
    ClientFixture fixture;
    TestCertificates const certificates;
    ScriptedPeer const peer(fixture.io,
                            {{{{ok("1")}}}, certificates.server(certificates.issue(), true)});
    auto settings = tls_settings(peer.port(), certificates);
    fixture.make(settings);
    auto const refused = fixture.exchange();
    REQUIRE_FALSE(refused);
    INFO(refused.error().message);
    CHECK(refused.error().code == ErrorCode::tls);
    CHECK(says(refused, "http.tls.certificate"));

    settings.tls.certificate_file = certificates.issue({.file = "client.pem"});
    fixture.make(settings);
    CHECK(fixture.exchange());
}

TEST_CASE("TLS: certificates are loaded again on renew, and bad ones change nothing") {
    ClientFixture fixture;
    TestCertificates const certificates;
    ScriptedPeer const peer(
        fixture.io, {{{{ok("1")}, {ok("2")}}}, certificates.server(certificates.issue(), true)});
    TestCertificates const strangers;
    auto settings = tls_settings(peer.port(), certificates);
    settings.tls.certificate_file = strangers.issue({.file = "client.pem"});
    fixture.make(settings);
    CHECK_FALSE(fixture.exchange());
    auto const good = certificates.issue({.file = "good.pem"});
    std::filesystem::copy_file(good, settings.tls.certificate_file,
                               std::filesystem::copy_options::overwrite_existing);
    CHECK_FALSE(fixture.exchange());
    REQUIRE(fixture.client->renew(settings));
    CHECK(fixture.exchange());
    strangers.write("client.pem", "nonsense");
    auto const renewed = fixture.client->renew(settings);
    CHECK(says(renewed, "client.pem"));
    CHECK(fixture.exchange());
}

TEST_CASE("TLS: a bad CA file is the error of every exchange") {
    ClientFixture fixture;
    TestCertificates const certificates;
    auto settings = tls_settings(1, certificates);
    settings.tls.ca_file = certificates.path("absent.pem");
    fixture.make(settings);
    auto const exchanged = fixture.exchange();
    CHECK(says(exchanged, "absent.pem cannot be read"));
}

TEST_CASE("TLS: a peer that speaks plain HTTP or nothing or closes is told apart") {
    ClientFixture fixture;
    TestCertificates const certificates;
    auto const mode = GENERATE(0, 1, 2);
    boost::asio::ip::tcp::acceptor acceptor(fixture.io,
                                            {boost::asio::ip::address_v4::loopback(), 0});
    fixture.make(tls_settings(acceptor.local_endpoint().port(), certificates));
    auto started = fixture.start();
    boost::asio::ip::tcp::socket socket(fixture.io);
    bool accepted = false;
    acceptor.async_accept(socket, [&](auto) { accepted = true; });
    run_until(fixture.io, [&] { return accepted; });
    if (mode == 0) {
        boost::asio::write(socket, boost::asio::buffer(std::string("HTTP/1.1 400 Bad\r\n\r\n")));
    } else if (mode == 1) {
        fixture.settle();
        fixture.clock.advance(5s);
    } else {
        socket.close();
    }
    auto const exchanged = started.finish();
    REQUIRE_FALSE(exchanged);
    INFO(exchanged.error().message);
    if (mode == 0) CHECK(says(exchanged, "does not speak TLS"));
    if (mode == 1) CHECK(says(exchanged, "while in the TLS handshake"));
    if (mode == 2) CHECK(says(exchanged, "closed the connection in the TLS handshake"));
    CHECK(exchanged.error().code == (mode == 1 ? ErrorCode::timeout : ErrorCode::tls));
}

TEST_CASE("TLS: an answer ended by a cut without goodbye is not taken for whole") {
    ClientFixture fixture;
    TestCertificates const certificates;
    ScriptedPeer const peer(fixture.io, {{{{"HTTP/1.1 200 OK\r\n\r\nabc", After::close}}},
                                         certificates.server(certificates.issue())});
    fixture.make(tls_settings(peer.port(), certificates));
    auto const exchanged = fixture.exchange();
    REQUIRE_FALSE(exchanged);
    CHECK(exchanged.error().code == ErrorCode::connection);
}

TEST_CASE("TLS: a stale kept connection is tried again") {
    ClientFixture fixture;
    TestCertificates const certificates;
    ScriptedPeer const peer(fixture.io, {{{{ok("1")}, {"", After::close}}, {{ok("2")}}},
                                         certificates.server(certificates.issue())});
    fixture.make(tls_settings(peer.port(), certificates));
    REQUIRE(fixture.exchange());
    REQUIRE(fixture.exchange());
    CHECK(fixture.response.body == "2");
}

TEST_CASE("TLS: a second answer to one request is not taken for the next one's") {
    ClientFixture fixture;
    TestCertificates const certificates;
    ScriptedPeer const peer(
        fixture.io, {{{{ok("1"), After::keep, false, ok("stray")}, {ok("wrong")}}, {{ok("right")}}},
                     certificates.server(certificates.issue())});
    fixture.make(tls_settings(peer.port(), certificates));
    REQUIRE(fixture.exchange());
    CHECK(fixture.response.body == "1");
    CHECK(fixture.client->connections() == 0);
    REQUIRE(fixture.exchange());
    CHECK(fixture.response.body == "right");
}

TEST_CASE("a plain proxy gets the whole address of the destination") {
    ClientFixture fixture;
    ScriptedPeer const proxy(fixture.io, {{{{ok("1")}}}});
    auto settings = settings_for(8080, "destination.invalid");
    settings.proxy = {.tls = false, .host = "127.0.0.1", .port = proxy.port()};
    settings.proxy_authorization = "Basic eDp5";
    fixture.make(settings);
    REQUIRE(fixture.exchange());
    CHECK(proxy.seen->requests.at(0).starts_with(
        "POST http://destination.invalid:8080/path HTTP/1.1\r\nHost: destination.invalid:8080\r\n"
        "Proxy-Authorization: Basic eDp5\r\n"));
}

TEST_CASE("TLS through a proxy goes in a tunnel for the destination's name") {
    ClientFixture fixture;
    TestCertificates const certificates;
    auto const certificate = certificates.issue({.names = "DNS:destination.invalid"});
    ScriptedPeer const proxy(
        fixture.io,
        {{{{"HTTP/1.1 200 Connected\r\nContent-Length: 5\r\n\r\n"}, {ok("1")}, {ok("2")}}},
         certificates.server(certificate),
         true});
    auto settings = tls_settings(443, certificates, "destination.invalid");
    settings.proxy = {.tls = false, .host = "127.0.0.1", .port = proxy.port()};
    settings.proxy_authorization = "Basic eDp5";
    fixture.make(settings);
    REQUIRE(fixture.exchange());
    REQUIRE(fixture.exchange());
    CHECK(fixture.response.body == "2");
    CHECK(proxy.seen->requests.at(0) ==
          "CONNECT destination.invalid:443 HTTP/1.1\r\nHost: destination.invalid:443\r\n"
          "Proxy-Authorization: Basic eDp5\r\n\r\n");
    CHECK(proxy.seen->requests.at(1).starts_with(
        "POST /path HTTP/1.1\r\nHost: destination.invalid\r\n"));
    CHECK(proxy.seen->requests.at(1).find("Proxy-") == std::string::npos);
    CHECK(proxy.seen->server_names == std::vector<std::string>{"destination.invalid"});
}

TEST_CASE("a proxy that opens no tunnel is an error that names it") {
    ClientFixture fixture;
    TestCertificates const certificates;
    struct Row {
        Reply reply;
        ErrorCode code;
        std::string cause;
    };
    auto const row = GENERATE(
        Row{{"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"},
            ErrorCode::permission,
            "refused CONNECT to destination.invalid:443 with status 407"},
        Row{{"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"},
            ErrorCode::permission,
            "with status 403"},
        Row{{"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"},
            ErrorCode::connection,
            "with status 502"},
        Row{{"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n"},
            ErrorCode::connection,
            "with status 429"},
        Row{{"HTTP/1.1 200 OK\r\nX", After::reset}, ErrorCode::connection, "broke"},
        Row{{"nonsense\r\n\r\n"}, ErrorCode::bad_response, "not HTTP/1.1"},
        Row{{"", After::close}, ErrorCode::connection, "closed the connection"},
        Row{{"HTTP/1.1 200 OK\r\n\r\nand more"}, ErrorCode::bad_response, "after its answer"});
    ScriptedPeer const proxy(fixture.io, {{{row.reply}}});
    auto settings = tls_settings(443, certificates, "destination.invalid");
    settings.proxy = {.tls = false, .host = "127.0.0.1", .port = proxy.port()};
    fixture.make(settings);
    auto const exchanged = fixture.exchange();
    REQUIRE_FALSE(exchanged);
    INFO(exchanged.error().message);
    CHECK(exchanged.error().code == row.code);
    CHECK(says(exchanged, "proxy 127.0.0.1:" + std::to_string(proxy.port())));
    CHECK(says(exchanged, row.cause));
}

TEST_CASE("a silent proxy is a connect timeout that says so") {
    ClientFixture fixture;
    TestCertificates const certificates;
    ScriptedPeer const proxy(fixture.io, {{{{"", After::silence}}}});
    auto settings = tls_settings(443, certificates, "destination.invalid");
    settings.proxy = {.tls = false, .host = "127.0.0.1", .port = proxy.port()};
    fixture.make(settings);
    proxy.seen->on_request = [&] { fixture.clock.advance(5s); };
    auto const exchanged = fixture.exchange();
    CHECK(says(exchanged, "while waiting for the proxy's CONNECT"));
}
