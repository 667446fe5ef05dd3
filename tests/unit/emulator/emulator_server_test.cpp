#include "emulator/emulator_server.hpp"

#include "http/compressor.hpp"
#include "milvus_requests.hpp"
#include "server_client.hpp"
#include "tecton_requests.hpp"

#include <boost/asio/detached.hpp>
#include <catch2/catch_test_macros.hpp>

namespace headrace::emulator {
namespace {

namespace asio = boost::asio;
using test::click;
using test::Exchange;
using test::ingest_body;
using test::run_until;

struct Fixture {
    SystemClock clock;
    asio::io_context io{1};
    TectonServer server{io.get_executor(), http::ServerSettings{},
                        TectonEmulator(default_tecton_settings(), {clock.now(), clock.wall()}),
                        clock};
    std::optional<http::Client> client;

    Fixture() {
        auto const port = server.start();
        REQUIRE(port);
        client.emplace(io.get_executor(), test::client_settings(*port), clock);
    }

    void send(std::string method, std::string target, std::string body, Exchange& exchange) {
        asio::co_spawn(io,
                       test::send(*client, std::move(method), std::move(target), std::move(body),
                                  {{"Authorization", "Tecton-key demo-key"}}, exchange),
                       asio::detached);
    }

    Exchange ask(std::string method, std::string target, std::string body) {
        Exchange exchange;
        send(std::move(method), std::move(target), std::move(body), exchange);
        REQUIRE(run_until(io, [&] { return exchange.is_done(); }));
        return exchange;
    }

    Exchange write(int id) { return ask("POST", "/ingest", ingest_body(click(id))); }

    void fault(FaultRule rule) {
        server.inspect([&](TectonEmulator& tecton) {
            std::ignore = tecton.faults().add(std::move(rule), clock.now());
        });
    }
};

}  // namespace

TEST_CASE("a written record can be asked for over the same socket") {
    Fixture fixture;
    auto const written = fixture.write(7);
    REQUIRE(written.result->has_value());
    CHECK(written.response.status == 200);
    auto const rows = fixture.ask("GET", "/_emulator/rows?source=clicks&field=event_id", "");
    CHECK(rows.response.body == R"({"values":[7]})");
    CHECK(fixture.server.inspect(
              [](TectonEmulator& tecton) { return tecton.stats().records_acknowledged; }) == 1);
}

TEST_CASE("a reset and a cut-off answer are errors for the client") {
    for (auto const kind : {FaultKind::reset, FaultKind::truncated}) {
        Fixture fixture;
        auto rule = test::fault(kind);
        rule.count = 2;
        rule.fault.write = WriteEffect::whole;
        fixture.fault(rule);
        auto const broken = fixture.write(1);
        CHECK_FALSE(broken.result->has_value());
        fixture.server.inspect([](TectonEmulator& tecton) { tecton.faults().clear(); });
        CHECK(fixture.write(1).result->has_value());
        CHECK(fixture.server.inspect(
                  [](TectonEmulator& tecton) { return tecton.store().view(0).rows; }) == 1);
    }
}

TEST_CASE("chunked and byte-by-byte answers arrive whole") {
    for (auto const kind : {FaultKind::chunked, FaultKind::byte_by_byte}) {
        Fixture fixture;
        auto const plain = fixture.write(1).response.body;
        fixture.fault(test::fault(kind));
        CHECK(fixture.write(1).response.body == plain);
    }
}

TEST_CASE("an answer waits as long as its latency, and requests are in progress meanwhile") {
    Fixture fixture;
    auto rule = test::fault(FaultKind::latency);
    rule.fault.p50_ms = 60;
    fixture.fault(rule);
    Exchange first;
    Exchange second;
    auto const begin = fixture.clock.now();
    fixture.send("POST", "/ingest", ingest_body(click(1, "a")), first);
    fixture.send("POST", "/ingest", ingest_body(click(2, "a")), second);
    REQUIRE(run_until(fixture.io, [&] { return first.is_done() && second.is_done(); }));
    CHECK(fixture.clock.now() - begin >= std::chrono::milliseconds(60));
    fixture.server.inspect([](TectonEmulator& tecton) {
        CHECK(tecton.in_progress().greatest() == 2);
        CHECK(tecton.in_progress().keys_at_once() == 1);
        CHECK(tecton.in_progress().now() == 0);
    });
}

TEST_CASE("idle connections close on demand and the next request succeeds") {
    Fixture fixture;
    CHECK(fixture.write(1).response.status == 200);
    CHECK(fixture.ask("POST", "/_emulator/close_idle", "").response.status == 200);
    fixture.server.close_idle();
    CHECK(fixture.write(2).response.status == 200);
}

TEST_CASE("with accept_compression packed bodies are taken, others are told what is") {
    Fixture fixture;
    auto const body = ingest_body(click(1));
    auto const padded = body + std::string(2000, ' ');
    std::string packed;
    http::Compressor compressor({.coding = http::ContentCoding::gzip, .level = 1});
    REQUIRE(compressor.compress(padded, packed));
    auto const write = [&](std::string const& coding, std::string const& what) {
        Exchange exchange;
        asio::co_spawn(
            fixture.io,
            test::send(*fixture.client, "POST", "/ingest", what,
                       {{"Authorization", "Tecton-key demo-key"}, {"Content-Encoding", coding}},
                       exchange),
            asio::detached);
        REQUIRE(run_until(fixture.io, [&] { return exchange.is_done(); }));
        return exchange.response.status;
    };
    // Off, it is a body that is not JSON: nobody says that Tecton takes more.
    CHECK(write("gzip", packed) == 400);

    CHECK(fixture.ask("POST", "/_emulator/switches", R"({"accept_compression":true})")
              .response.status == 200);

    CHECK(write("gzip", packed) == 200);
    CHECK(write("br", packed) == 415);
    CHECK(write("gzip", body) == 400);
    http::Compressor strong({.coding = http::ContentCoding::zstd, .level = 1});
    REQUIRE(strong.compress(std::string(100U << 20, ' '), packed));
    CHECK(write("zstd", packed) == 413);
    CHECK(fixture.write(2).response.status == 200);
}

TEST_CASE("stopping gives up a stalled answer") {
    Fixture fixture;
    fixture.fault(test::fault(FaultKind::stall));
    Exchange exchange;
    fixture.send("POST", "/ingest", ingest_body(click(1)), exchange);
    auto const in_progress = [&] {
        return fixture.server.inspect(
            [](TectonEmulator& tecton) { return tecton.in_progress().now(); });
    };
    REQUIRE(run_until(fixture.io, [&] { return in_progress() == 1; }));
    fixture.server.stop();
    REQUIRE(run_until(fixture.io, [&] { return exchange.is_done() && in_progress() == 0; }));
    CHECK_FALSE(exchange.result->has_value());
}

TEST_CASE("an emulator that cannot have its port says so") {
    Fixture fixture;
    http::ServerSettings settings;
    settings.address = "no address";
    TectonServer second(fixture.io.get_executor(), settings,
                        TectonEmulator(default_tecton_settings(), {}), fixture.clock);
    CHECK_FALSE(second.start().has_value());
}

TEST_CASE("Milvus answers over a socket, and late writes are done when it is looked at") {
    SystemClock const clock;
    asio::io_context io(1);
    MilvusServer server(io.get_executor(), http::ServerSettings{},
                        MilvusEmulator(default_milvus_settings(), {clock.now(), clock.wall()}),
                        clock);
    auto const port = server.start();
    REQUIRE(port);
    http::Client client(io.get_executor(), test::client_settings(*port), clock);
    auto rule = test::fault(FaultKind::status);
    rule.fault.status = 408;
    rule.fault.write = WriteEffect::late;
    rule.fault.late_ms = 0;
    rule.count = 1;
    server.inspect(
        [&](MilvusEmulator& milvus) { std::ignore = milvus.faults().add(rule, clock.now()); });
    Exchange exchange;
    asio::co_spawn(io,
                   test::send(client, "POST", "/v2/vectordb/entities/upsert",
                              test::rows_body(test::doc("1")), {}, exchange),
                   asio::detached);
    REQUIRE(run_until(io, [&] { return exchange.is_done(); }));
    CHECK(exchange.response.status == 408);
    CHECK(server.inspect([](MilvusEmulator& milvus) {
        return milvus.store().row_count("default/docs");
    }) == 1);
    server.stop();
}

}  // namespace headrace::emulator
