// Compressed request bodies: what goes over the wire, and what an answer to them means.
#include "../http/run.hpp"
#include "dialect_fixture.hpp"
#include "fakes/manual_clock.hpp"
#include "http/decompress.hpp"
#include "http/server.hpp"
#include "sinks/http_sink.hpp"
#include "sinks/registry.hpp"

#include <catch2/generators/catch_generators.hpp>

namespace headrace::sinks {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using flow::Verdict;
using http::ContentCoding;

constexpr std::string_view yes = R"({"workspaceName":"prod"})";

/// A sink that compresses, and a destination that says what it is told to and keeps the request.
struct World {
    explicit World(http::CompressionSettings compression) {
        REQUIRE(server.start());
        TectonSettings tecton;
        auto& client = tecton.requests.client;
        client.url = {.tls = false, .host = "127.0.0.1", .port = server.port(), .path = "/ingest"};
        client.connect_timeout = 5s;
        client.request_timeout = 30s;
        client.idle_timeout = 20s;
        client.response_bytes_max = 4096;
        client.connections_max = 2;
        tecton.requests.body_bytes_max = 1U << 20;
        tecton.requests.compression = compression;
        tecton.api_key = Secret("key-1");
        tecton.workspace_name = "prod";
        tecton.stream_source_name = fixture::fixed("clicks");
        sink = make_sink(tecton, io.get_executor(), clock);
    }
    ~World() {
        sink.reset();
        server.stop();
        io.restart();
        io.run();
    }

    flow::Judgement write(std::string_view value) {
        std::vector<flow::Record> records;
        records.push_back(fixture::record(value));
        records[0].target = std::get<flow::TargetId>(sink->place(records[0]));
        std::vector<std::uint32_t> const effective{0};
        return http::testing::run(io, sink->write(records, effective));
    }
    flow::Judgement write_answered(int status, std::string_view body) {
        response.status = status;
        response.body = body;
        return write(large);
    }

    std::string const large = R"({"page":")" + std::string(5000, 'x') + R"("})";
    asio::io_context io;
    fakes::ManualClock clock;
    http::ServerRequest request;
    http::ServerResponse response;
    http::Server server{
        io.get_executor(), {}, [this](http::ServerRequest& arrived) { return answer(arrived); }};
    std::unique_ptr<flow::Sink> sink;

    asio::awaitable<http::ServerResponse> answer(http::ServerRequest& arrived) {
        request = arrived;
        co_return response;
    }
};

bool names(flow::Judgement const& judgement, std::string_view word) {
    return judgement.message.find(word) != std::string::npos;
}

TEST_CASE("a body is sent compressed, and what comes out is what was encoded") {
    auto const coding = GENERATE(ContentCoding::gzip, ContentCoding::zstd);
    World world({.coding = coding, .level = 1});
    for (int i = 0; i < 3; ++i) {
        CHECK(world.write_answered(200, yes).verdict == Verdict::delivered);
        CHECK(world.request.header("Content-Encoding") == to_string(coding));
        CHECK(world.request.body.size() < 500);
        CHECK_FALSE(http::decode_body(world.request, 1U << 20));
        CHECK(world.request.body ==
              R"({"workspace_name":"prod","dry_run":false,"records":{"clicks":[{"record":)" +
                  world.large + "}]}}");
    }
}

TEST_CASE("a small body is sent as it is, and so is every body when compression is off") {
    World world({.coding = ContentCoding::gzip, .level = 1});
    world.response.body = yes;
    CHECK(world.write(R"({"a":1})").verdict == Verdict::delivered);
    CHECK(world.request.header("Content-Encoding").empty());
    CHECK(world.request.body.ends_with(R"([{"record":{"a":1}}]}})"));
    World off({});
    CHECK(off.write_answered(200, yes).verdict == Verdict::delivered);
    CHECK(off.request.header("Content-Encoding").empty());
}

TEST_CASE("a destination that does not take compressed bodies blocks, and the key is named") {
    World world({.coding = ContentCoding::zstd, .level = 1});
    CHECK(world.write_answered(200, yes).verdict == Verdict::delivered);
    auto const judgement = world.write_answered(415, "what is this?");
    CHECK(judgement.verdict == Verdict::blocked);
    CHECK(judgement.scope == flow::BlockScope::destination);
    CHECK(judgement.reason == flow::FailureReason::blocked);
    CHECK(judgement.status == "415");
    CHECK(names(judgement, "http.compression: none"));
    CHECK(names(judgement, "zstd"));
    // The same of a body that was not compressed is not compression's fault.
    world.response.status = 415;
    CHECK_FALSE(names(world.write(R"({"a":1})"), "http.compression"));
}

TEST_CASE("a refusal names compression until a compressed body was accepted") {
    World world({.coding = ContentCoding::gzip, .level = 1});
    auto const first = world.write_answered(400, R"({"requestError":{"errorMessage":"bad JSON"}})");
    CHECK(first.verdict == Verdict::split);
    CHECK(names(first, "http.compression: none"));
    CHECK(names(first, "bad JSON"));
    CHECK_FALSE(names(world.write_answered(503, ""), "http.compression"));
    CHECK(world.write_answered(200, yes).verdict == Verdict::delivered);
    CHECK_FALSE(names(world.write_answered(400, "bad"), "http.compression"));
}

TEST_CASE("the compressed body and the compressor count as held") {
    World plain({});
    World packed({.coding = ContentCoding::gzip, .level = 1});
    CHECK(plain.write_answered(200, yes).verdict == Verdict::delivered);
    CHECK(packed.write_answered(200, yes).verdict == Verdict::delivered);
    CHECK(packed.sink->held_bytes() > plain.sink->held_bytes() + 250'000);
}

}  // namespace
}  // namespace headrace::sinks
