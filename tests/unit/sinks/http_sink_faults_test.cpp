// What each fault of the network between us and a destination means for the records: the answers
// are played byte for byte.
#include "../http/client_fixture.hpp"
#include "../http/scripted_peer.hpp"
#include "../http/test_certificates.hpp"
#include "dialect_fixture.hpp"
#include "sinks/http_sink.hpp"
#include "sinks/registry.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace headrace::sinks {
namespace {

using flow::FailureReason;
using flow::Verdict;
using http::testing::After;
using http::testing::ok;
using http::testing::Reply;
using http::testing::ScriptedPeer;

constexpr std::string_view yes = R"({"workspaceName":"prod"})";

std::string answer(std::string const& status, std::string const& fields = "") {
    return "HTTP/1.1 " + status + "\r\n" + fields + "Content-Length: 0\r\n\r\n";
}

/// A sink of Tecton's whose peers are scripts.
struct World {
    explicit World(http::ClientSettings settings) {
        TectonSettings tecton;
        tecton.requests.client = std::move(settings);
        tecton.requests.client.url.path = "/ingest";
        tecton.requests.body_bytes_max = 64U << 20;
        tecton.api_key = Secret("top-secret-key");
        tecton.workspace_name = "prod";
        tecton.stream_source_name = fixture::fixed("clicks");
        sink = make_sink(tecton, io.get_executor(), clock);
    }
    ~World() {
        sink.reset();
        io.restart();
        io.poll();
    }
    flow::Judgement write() {
        std::vector<flow::Record> records;
        records.push_back(fixture::record(R"({"a":1})"));
        records[0].target = std::get<flow::TargetId>(sink->place(records[0]));
        std::vector<std::uint32_t> const effective{0};
        return http::testing::run(io, sink->write(records, effective));
    }

    boost::asio::io_context& io = shared_io();
    fakes::ManualClock clock;
    std::unique_ptr<flow::Sink> sink;

    static boost::asio::io_context& shared_io() {
        static boost::asio::io_context io;
        return io;
    }
};

TEST_CASE("every broken answer is retried, with the reason that its metric promises") {
    struct Row {
        std::string name;
        Reply reply;
        FailureReason reason;
    };
    auto const row = GENERATE(
        Row{"no answer", {"", After::close}, FailureReason::connection},
        Row{"a reset instead of one", {"", After::reset}, FailureReason::connection},
        Row{"half a head", {"HTTP/1.1 200 OK\r\nX", After::close}, FailureReason::connection},
        Row{"a reset in it",
            {"HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n{\"work", After::reset},
            FailureReason::connection},
        Row{"a length too long",
            {"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + std::string(yes), After::close},
            FailureReason::connection},
        Row{"a chunk that is cut",
            {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n18\r\n{\"work", After::close},
            FailureReason::connection},
        Row{"no last chunk",
            {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n18\r\n" + std::string(yes) +
                 "\r\n",
             After::close},
            FailureReason::connection},
        Row{"HTTP/1.0, cut where nobody can tell",
            {"HTTP/1.0 200 OK\r\n\r\n{\"workspaceName\":\"pr", After::close},
            FailureReason::bad_response},
        Row{"an empty 200", {ok("")}, FailureReason::bad_response},
        Row{"204", {"HTTP/1.1 204 No Content\r\n\r\n"}, FailureReason::bad_response},
        Row{"a page of a load balancer", {ok("<html>")}, FailureReason::bad_response},
        Row{"two lengths",
            {"HTTP/1.1 200 OK\r\nContent-Length: 24\r\nContent-Length: 2\r\n\r\n" +
                 std::string(yes),
             After::silence},
            FailureReason::bad_response},
        Row{"too large a body",
            {"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n", After::silence},
            FailureReason::bad_response},
        Row{"too large a head",
            {"HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n", After::silence},
            FailureReason::bad_response},
        Row{"another protocol",
            {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", After::silence},
            FailureReason::bad_response},
        Row{"bytes of no protocol",
            {std::string("\0\1\2\r\n\r\n", 7)},
            FailureReason::bad_response});
    INFO(row.name);
    ScriptedPeer const peer(World::shared_io(), {{{row.reply}}});
    World world(http::testing::settings_for(peer.port()));
    auto const judgement = world.write();
    CHECK(judgement.verdict == Verdict::retry);
    CHECK(judgement.reason == row.reason);
    CHECK_FALSE(judgement.message.empty());
    CHECK(judgement.message.find("top-secret") == std::string::npos);
}

TEST_CASE("every odd but whole yes is a yes") {
    std::string const body(yes);
    auto const bytes = GENERATE_COPY(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + ok(body),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\n{\r\n17\r\n" +
            body.substr(1) + "\r\n0;last\r\nX-Trailer: y\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\n" + body, "HTTP/1.1 200 \r\nContent-Length: 24\r\n\r\n" + body);
    auto const by_bytes = GENERATE(false, true);
    ScriptedPeer const peer(World::shared_io(), {{{{bytes, After::close, by_bytes}}}});
    World world(http::testing::settings_for(peer.port()));
    auto const judgement = world.write();
    INFO(bytes << judgement.message);
    CHECK(judgement.verdict == Verdict::delivered);
}

TEST_CASE("a redirect blocks and is not followed, so that no credential goes elsewhere") {
    auto const* const status = GENERATE("301 Moved", "302 Found", "303 See Other",
                                        "307 Temporary Redirect", "308 Permanent Redirect");
    ScriptedPeer const other(World::shared_io(), {{{{ok(std::string(yes))}}}});
    ScriptedPeer const peer(World::shared_io(),
                            {{{{answer(status, "Location: http://127.0.0.1:" +
                                                   std::to_string(other.port()) + "/ingest\r\n")},
                               {answer(status, "Location: /ingest\r\n")}}}});
    World world(http::testing::settings_for(peer.port()));
    CHECK(world.write().verdict == Verdict::blocked);
    CHECK(world.write().verdict == Verdict::blocked);
    CHECK(other.seen->accepted == 0);
    CHECK(peer.seen->requests.size() == 2);
}

TEST_CASE("what a proxy refuses for good blocks, what may pass is retried") {
    struct Row {
        std::string status;
        Verdict verdict;
    };
    auto const row =
        GENERATE(Row{"407 Proxy Authentication Required", Verdict::blocked},
                 Row{"403 Forbidden", Verdict::blocked}, Row{"502 Bad Gateway", Verdict::retry},
                 Row{"429 Too Many Requests", Verdict::retry});
    auto const tunnel = GENERATE(false, true);
    ScriptedPeer const proxy(World::shared_io(), {{{{answer(row.status)}}}});
    auto settings = http::testing::settings_for(443, "destination.invalid");
    settings.url.tls = tunnel;
    settings.tls.verify = false;
    settings.proxy = {.tls = false, .host = "127.0.0.1", .port = proxy.port()};
    settings.proxy_authorization = "Basic c2VjcmV0";
    World world(settings);
    auto const judgement = world.write();
    INFO(judgement.message);
    CHECK(judgement.verdict == row.verdict);
    CHECK(judgement.message.find("c2VjcmV0") == std::string::npos);
}

TEST_CASE("a kept connection that the peer closes as we send costs no retry of the batch") {
    auto const after = GENERATE(After::close, After::reset);
    ScriptedPeer const peer(World::shared_io(),
                            {{{{ok(std::string(yes))}, {"", after}}, {{ok(std::string(yes))}}}});
    World world(http::testing::settings_for(peer.port()));
    CHECK(world.write().verdict == Verdict::delivered);
    CHECK(world.write().verdict == Verdict::delivered);
    CHECK(peer.seen->requests.size() == 3);
}

TEST_CASE("a bad certificate is retried with reason tls, and names what is wrong") {
    http::testing::TestCertificates const certificates;
    struct Row {
        http::testing::CertificateRequest request;
        std::string says;
    };
    auto const row =
        GENERATE(Row{{.valid_from_secs = -7200, .valid_until_secs = -3600}, "has expired"},
                 Row{{.valid_from_secs = 3600, .valid_until_secs = 7200}, "not valid yet"},
                 Row{{.names = "DNS:other.example"}, "is for another host"});
    ScriptedPeer const peer(
        World::shared_io(),
        {{{{ok(std::string(yes))}}}, certificates.server(certificates.issue(row.request))});
    auto settings = http::testing::settings_for(peer.port(), "localhost");
    settings.url.tls = true;
    settings.tls.ca_file = certificates.ca_file();
    World world(settings);
    auto const judgement = world.write();
    CHECK(judgement.verdict == Verdict::retry);
    CHECK(judgement.reason == FailureReason::tls);
    CHECK(judgement.message.find(row.says) != std::string::npos);
    CHECK(peer.seen->requests.empty());
}

}  // namespace
}  // namespace headrace::sinks
