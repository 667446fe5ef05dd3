#include "sinks/http_sink.hpp"

#include "../http/run.hpp"
#include "dialect_fixture.hpp"
#include "fakes/manual_clock.hpp"
#include "http/server.hpp"
#include "sinks/registry.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <deque>

namespace headrace::sinks {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

http::ServerResponse reply(int status, std::string body) {
    http::ServerResponse response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

/// A destination that answers from a list and remembers what it was asked; with an empty list it
/// never answers.
struct Peer {
    explicit Peer(asio::io_context& io)
        : server(io.get_executor(), {},
                 [this](http::ServerRequest& request) { return answer(request); }) {
        REQUIRE(server.start());
    }

    asio::awaitable<http::ServerResponse> answer(http::ServerRequest& request) {
        requests.push_back(request);
        if (replies.empty()) {
            asio::steady_timer never(co_await asio::this_coro::executor);
            never.expires_at(asio::steady_timer::time_point::max());
            co_await never.async_wait(asio::use_awaitable);
        }
        http::ServerResponse response = std::move(replies.front());
        replies.pop_front();
        co_return response;
    }

    std::deque<http::ServerResponse> replies;
    std::vector<http::ServerRequest> requests;
    http::Server server;
};

/// A sink, a destination for it, and a clock moved by hand.
struct World {
    World() {
        settings.url = {
            .tls = false, .host = "127.0.0.1", .port = peer.server.port(), .path = "/ingest"};
    }
    ~World() {
        sink.reset();
        peer.server.stop();
        io.restart();
        io.run();
    }

    void make_tecton() {
        TectonSettings tecton;
        tecton.requests = requests();
        tecton.api_key = Secret("top-secret-key");
        tecton.workspace_name = "prod";
        tecton.stream_source_name = fixture::fixed("clicks");
        sink = make_sink(tecton, io.get_executor(), clock);
    }
    void make_milvus() {
        MilvusSettings milvus;
        milvus.requests = requests();
        milvus.collection = fixture::fixed("docs");
        sink = make_sink(milvus, io.get_executor(), clock);
    }
    RequestSettings requests() const {
        RequestSettings requests;
        requests.client = settings;
        requests.body_bytes_max = body_bytes_max;
        return requests;
    }

    void add(std::string_view value) {
        records.push_back(fixture::record(value));
        auto const placement = sink->place(records.back());
        REQUIRE(std::holds_alternative<flow::TargetId>(placement));
        records.back().target = std::get<flow::TargetId>(placement);
        effective.push_back(static_cast<std::uint32_t>(effective.size()));
    }
    http::testing::Started<flow::Judgement> start() {
        return http::testing::Started<flow::Judgement>(io, sink->write(records, effective));
    }
    flow::Judgement write() { return start().finish(); }
    flow::Judgement write_answered(http::ServerResponse response) {
        peer.replies.push_back(std::move(response));
        return write();
    }

    std::size_t body_bytes_max = 100'000;
    asio::io_context io;
    fakes::ManualClock clock;
    Peer peer{io};
    http::ClientSettings settings{.url = {},
                                  .proxy = {},
                                  .proxy_authorization = {},
                                  .connect_timeout = 5s,
                                  .request_timeout = 30s,
                                  .idle_timeout = 20s,
                                  .response_bytes_max = 4096,
                                  .connections_max = 8,
                                  .tls = {}};
    std::unique_ptr<flow::Sink> sink;
    std::vector<flow::Record> records;
    std::vector<std::uint32_t> effective;
};

TEST_CASE("a write sends what the dialect encoded and judges the answer") {
    World world;
    world.make_tecton();
    world.add(R"({"a":1})");
    auto const judgement = world.write_answered(reply(200, R"({"workspaceName":"prod"})"));
    CHECK(judgement.verdict == flow::Verdict::delivered);
    CHECK(judgement.message.empty());
    REQUIRE(world.peer.requests.size() == 1);
    auto const& request = world.peer.requests[0];
    CHECK(request.method == "POST");
    CHECK(request.target == "/ingest");
    CHECK(request.body ==
          R"({"workspace_name":"prod","dry_run":false,"records":{"clicks":[{"record":{"a":1}}]}})");
    CHECK(request.header("Authorization") == "Tecton-key top-secret-key");
    CHECK(request.header("Content-Type") == "application/json");
}

TEST_CASE("the sink answers for its dialect") {
    World world;
    world.make_tecton();
    world.add("{}");
    CHECK(world.sink->shape().targets_max == 1);
    CHECK(world.sink->is_ready(0));
    CHECK(world.sink->target_name(0) == "clicks");
    CHECK(std::holds_alternative<flow::Inspection>(world.sink->inspect(world.records[0], 0)));
    std::vector<std::uint32_t> effective;
    world.sink->collapse(world.records, effective);
    CHECK(effective.size() == 1);
}

TEST_CASE("Retry-After of an answer that is retried holds the destination, of others not") {
    World world;
    world.make_tecton();
    world.add("{}");
    auto throttled = reply(429, "");
    throttled.headers.emplace_back("Retry-After", "7");
    auto const judgement = world.write_answered(throttled);
    CHECK(judgement.verdict == flow::Verdict::retry);
    CHECK(judgement.reason == flow::FailureReason::throttled);
    CHECK(judgement.retry_after == 7s);
    throttled.status = 400;
    CHECK_FALSE(world.write_answered(throttled).retry_after);
    CHECK_FALSE(world.write_answered(reply(503, "")).retry_after);
}

TEST_CASE("a hold of the dialect's own stays unless the answer says better") {
    World world;
    world.make_milvus();
    world.add(R"({"id":1})");
    CHECK(world.write_answered(reply(200, R"({"code":9})")).retry_after == 5s);
    auto with_header = reply(200, R"({"code":9})");
    with_header.headers.emplace_back("Retry-After", "60");
    CHECK(world.write_answered(with_header).retry_after == 60s);
}

TEST_CASE("a message is cleaned and does not show the credential that the peer echoes") {
    World world;
    world.make_tecton();
    world.add("{}");
    auto const judgement = world.write_answered(
        reply(401, "bad key: 'top-secret-key'\n\x1B[2J" + std::string(3000, 'x')));
    CHECK(judgement.verdict == flow::Verdict::blocked);
    CHECK(judgement.status == "401");
    CHECK(judgement.message.find("bad key: '[redacted]' [2Jxxx") != std::string::npos);
    CHECK(judgement.message.find("top-secret") == std::string::npos);
    CHECK(judgement.message.size() <= 1024);
}

TEST_CASE(
    "network interruption then success: a reset is retried, and the next write goes through") {
    World world;
    world.make_tecton();
    world.add("{}");
    auto cut = reply(200, "");
    cut.delivery = http::Delivery::reset;
    auto const judgement = world.write_answered(cut);
    CHECK(judgement.verdict == flow::Verdict::retry);
    CHECK(judgement.reason == flow::FailureReason::connection);
    CHECK(judgement.status.empty());
    CHECK_FALSE(judgement.message.empty());
    CHECK(world.write_answered(reply(200, R"({"ingestMetrics":{}})")).verdict ==
          flow::Verdict::delivered);
}

TEST_CASE("a truncated answer is retried") {
    World world;
    world.make_tecton();
    world.add("{}");
    auto cut = reply(200, R"({"workspaceName":"prod"})");
    cut.delivery = http::Delivery::truncated;
    auto const judgement = world.write_answered(cut);
    CHECK(judgement.verdict == flow::Verdict::retry);
    CHECK(judgement.reason != flow::FailureReason::none);
}

TEST_CASE("timeout: a silent destination is retried with reason timeout") {
    World world;
    world.make_tecton();
    world.add("{}");
    auto started = world.start();
    http::testing::run_until(world.io, [&] { return !world.peer.requests.empty(); });
    world.clock.advance(31s);
    auto const judgement = started.finish();
    CHECK(judgement.verdict == flow::Verdict::retry);
    CHECK(judgement.reason == flow::FailureReason::timeout);
    CHECK(judgement.message.find("http.timeout_secs") != std::string::npos);
}

TEST_CASE("an answer over the limit is retried with reason bad_response") {
    World world;
    world.make_tecton();
    world.add("{}");
    auto const judgement = world.write_answered(reply(200, std::string(5000, ' ')));
    CHECK(judgement.verdict == flow::Verdict::retry);
    CHECK(judgement.reason == flow::FailureReason::bad_response);
}

TEST_CASE("a destination that refuses connections is retried with reason connection") {
    World world;
    world.make_tecton();
    world.add("{}");
    world.peer.server.stop();
    auto const judgement = world.write();
    CHECK(judgement.verdict == flow::Verdict::retry);
    CHECK(judgement.reason == flow::FailureReason::connection);
}

TEST_CASE("a peer that speaks no TLS is retried with reason tls") {
    World world;
    world.settings.url.tls = true;
    world.settings.tls.verify = false;
    world.make_tecton();
    world.add("{}");
    auto const judgement = world.write();
    CHECK(judgement.verdict == flow::Verdict::retry);
    CHECK(judgement.reason == flow::FailureReason::tls);
}

TEST_CASE("a path that cannot be sent blocks, as the configuration is at fault") {
    World world;
    world.settings.url.path = "/ing est";
    world.make_tecton();
    world.add("{}");
    auto const judgement = world.write();
    CHECK(judgement.verdict == flow::Verdict::blocked);
    CHECK(judgement.reason == flow::FailureReason::blocked);
    CHECK(world.peer.requests.empty());
}

TEST_CASE("preparing asks only where there is something to ask") {
    World world;
    world.make_tecton();
    world.add("{}");
    CHECK(http::testing::run(world.io, world.sink->prepare(0)).verdict == flow::Verdict::delivered);
    CHECK(world.peer.requests.empty());
}

TEST_CASE("preparing describes the collection, and failures of it are judged like any other") {
    World world;
    world.make_milvus();
    world.add(R"({"id":1})");
    CHECK_FALSE(world.sink->is_ready(0));
    world.peer.replies.push_back(reply(503, "busy"));
    auto const busy = http::testing::run(world.io, world.sink->prepare(0));
    CHECK(busy.verdict == flow::Verdict::retry);
    CHECK(busy.message.find("busy") != std::string::npos);
    CHECK_FALSE(world.sink->is_ready(0));
    auto cut = reply(200, "");
    cut.delivery = http::Delivery::reset;
    // The client tries once more on a fresh connection.
    world.peer.replies.assign(2, cut);
    CHECK(http::testing::run(world.io, world.sink->prepare(0)).reason ==
          flow::FailureReason::connection);
    world.peer.replies.push_back(reply(
        200, R"({"code":0,"data":{"fields":[{"name":"id","type":"Int64","primaryKey":true}]}})"));
    CHECK(http::testing::run(world.io, world.sink->prepare(0)).verdict == flow::Verdict::delivered);
    CHECK(world.sink->is_ready(0));
    CHECK(world.peer.requests.back().target == "/ingest/v2/vectordb/collections/describe");
}

TEST_CASE("bodies under way are counted, and what is kept stays within its limit") {
    World world;
    world.body_bytes_max = 1000;
    world.make_tecton();
    CHECK(world.sink->held_bytes() == 0);
    std::string const value = R"({"a":")" + std::string(5000, 'x') + R"("})";
    world.add(value);
    auto first = world.start();
    auto second = world.start();
    http::testing::run_until(world.io, [&] { return world.peer.requests.size() == 2; });
    CHECK(world.sink->held_bytes() >= 10'000);
    world.clock.advance(31s);
    std::ignore = first.finish();
    std::ignore = second.finish();
    CHECK(world.sink->held_bytes() <= 1000);
}

TEST_CASE("large rows are sent from where they stand, and small ones with the body") {
    World world;
    world.make_milvus();
    std::string const large = R"({"id":1,"text":")" + std::string(5000, 'x') + R"("})";
    world.add(large);
    world.add(R"({"id":2})");
    world.add(large);
    auto started = world.start();
    http::testing::run_until(world.io, [&] { return !world.peer.requests.empty(); });
    CHECK(world.sink->held_bytes() < large.size());
    auto const& body = world.peer.requests[0].body;
    CHECK(body.ends_with("\"data\":[" + large + R"(,{"id":2},)" + large + "]}"));
    world.clock.advance(31s);
    std::ignore = started.finish();
}

TEST_CASE("records may be detached at any moment while their bytes are on the way") {
    std::string const large = R"({"id":1,"text":")" + std::string(2'000'000, 'x') + R"("})";
    bool was_cut = false;
    for (int steps = 0; steps != 24; ++steps) {
        World world;
        world.make_milvus();
        for (int i = 0; i != 2; ++i)
            world.add(large);
        world.peer.replies.push_back(reply(200, R"({"code":0,"data":{"upsertCount":2}})"));
        auto started = world.start();
        world.io.restart();
        for (int step = 0; step != steps && !started.is_done(); ++step)
            world.io.run_one_for(5s);
        was_cut |= world.peer.requests.empty();
        for (auto& record : world.records)
            record.detach();
        CHECK(started.finish().verdict == flow::Verdict::delivered);
        REQUIRE(world.peer.requests.size() == 1);
        CHECK(world.peer.requests[0].body.ends_with(large + "," + large + "]}"));
    }
    CHECK(was_cut);
}

TEST_CASE("buffers are used again, with nothing of the last request in them") {
    World world;
    world.make_tecton();
    world.add(R"({"first":1})");
    std::ignore = world.write_answered(reply(200, R"({"workspaceName":"prod"})"));
    auto const kept = world.sink->held_bytes();
    CHECK(kept > 0);
    world.records.clear();
    world.effective.clear();
    world.add(R"({"b":2})");
    std::ignore = world.write_answered(reply(200, R"({"workspaceName":"prod"})"));
    CHECK(world.sink->held_bytes() == kept);
    REQUIRE(world.peer.requests.size() == 2);
    CHECK(world.peer.requests[1].body ==
          R"({"workspace_name":"prod","dry_run":false,"records":{"clicks":[{"record":{"b":2}}]}})");
}

TEST_CASE("a write under way survives the end of its sink") {
    World world;
    world.make_tecton();
    world.add("{}");
    auto started = world.start();
    http::testing::run_until(world.io, [&] { return !world.peer.requests.empty(); });
    world.sink.reset();
    auto const judgement = started.finish();
    CHECK(judgement.verdict == flow::Verdict::retry);
    CHECK(judgement.reason == flow::FailureReason::connection);
}

TEST_CASE("a write that never comes back is destroyed after its sink") {
    auto io = std::make_unique<asio::io_context>();
    fakes::ManualClock const clock;
    TectonSettings tecton;
    tecton.requests.client.url = {.tls = false, .host = "127.0.0.1", .port = 9, .path = "/ingest"};
    tecton.requests.client.connections_max = 1;
    auto sink = make_sink(tecton, io->get_executor(), clock);
    std::vector<flow::Record> const records;
    std::vector<std::uint32_t> const effective;
    http::testing::Started<flow::Judgement> const started(*io, sink->write(records, effective));
    io->poll_one();
    sink.reset();
    io.reset();
    CHECK_FALSE(started.is_done());
}

TEST_CASE("TLS files can be loaded again") {
    World world;
    world.make_tecton();
    CHECK(dynamic_cast<HttpSink&>(*world.sink).renew({.connections_max = 1}));
}

}  // namespace
}  // namespace headrace::sinks
