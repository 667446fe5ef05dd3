#include "tecton_requests.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::emulator {
namespace {

using test::ask;
using test::at_ms;
using test::click;
using test::fault;
using test::ingest;
using test::ingest_body;
using test::make_tecton;

FaultRule status(int number) {
    auto rule = fault(FaultKind::status);
    rule.fault.status = number;
    return rule;
}

}  // namespace

TEST_CASE("Tecton: another path is 404, another method 405") {
    auto tecton = make_tecton();
    CHECK(ask(tecton, test::request("POST", "/other")).status == 404);
    CHECK(ask(tecton, test::request("GET", "/ingest")).status == 405);
    CHECK(tecton.stats().requests == 2);
}

TEST_CASE(
    "Tecton contract 14: figures tell what came, what was written and what was acknowledged") {
    auto tecton = make_tecton();
    ask(tecton, ingest(ingest_body(click(1) + "," + click(2, "b"))));
    ask(tecton, ingest(ingest_body(click(3, "c"))));
    ask(tecton, ingest(ingest_body(click(3, "c"), "unknown")));
    auto const& stats = tecton.stats();
    CHECK(stats.ingest_requests == 3);
    CHECK(stats.records_received == 4);
    CHECK(stats.records_written == 3);
    CHECK(stats.records_acknowledged == 3);
    CHECK(stats.by_status.at(200) == 2);
    CHECK(stats.by_status.at(404) == 1);
    auto const& clicks = tecton.store().sources().at("clicks");
    CHECK(clicks.requests == 2);
    CHECK(clicks.records_per_request_max == 2);
    CHECK(clicks.ids.distinct() == 3);
}

TEST_CASE("Tecton contract 14: greatest concurrency and keys in two requests at once are seen") {
    auto tecton = make_tecton();
    auto const first = tecton.handle(ingest(ingest_body(click(1, "a"))), at_ms(0));
    auto const second = tecton.handle(ingest(ingest_body(click(2, "b"))), at_ms(0));
    CHECK(tecton.in_progress().keys_at_once() == 0);
    auto const third = tecton.handle(ingest(ingest_body(click(3, "a"))), at_ms(0));
    CHECK(tecton.in_progress().keys_at_once() == 1);
    CHECK(tecton.in_progress().greatest() == 3);
    tecton.finish(first.ticket);
    tecton.finish(second.ticket);
    tecton.finish(third.ticket);
    CHECK(tecton.in_progress().now() == 0);
}

TEST_CASE("Tecton: every status that Tecton or a gateway sends can be switched on") {
    for (int const number : {429, 500, 504, 408, 425, 502, 503, 413}) {
        auto tecton = make_tecton();
        auto rule = status(number);
        rule.count = 1;
        rule.fault.retry_after = RetryAfter::seconds;
        tecton.faults().add(rule, at_ms(0).at);
        auto const answer = ask(tecton, ingest(ingest_body(click(1))));
        CHECK(answer.status == number);
        CHECK(answer.body.find("requestError") != std::string::npos);
        CHECK(answer.headers.size() == 1);
        CHECK(tecton.stats().records_written == 0);
        CHECK(ask(tecton, ingest(ingest_body(click(1)))).status == 200);
    }
}

TEST_CASE("Tecton: a fault's own message is sent") {
    auto tecton = make_tecton();
    auto rule = status(400);
    rule.fault.message = "invalid workspace";
    tecton.faults().add(rule, at_ms(0).at);
    CHECK(ask(tecton, ingest(ingest_body(click(1)))).body.find("invalid workspace") !=
          std::string::npos);
}

TEST_CASE("Tecton: a fault is kept to its stream source") {
    auto tecton = make_tecton();
    auto rule = status(503);
    rule.target = "views";
    tecton.faults().add(rule, at_ms(0).at);
    CHECK(ask(tecton, ingest(ingest_body(click(1)))).status == 200);
    CHECK(ask(tecton, ingest(ingest_body(click(1), "views"))).status == 503);
}

TEST_CASE("Tecton: a stream source can be absent for a time") {
    auto tecton = make_tecton();
    auto rule = fault(FaultKind::absent);
    rule.target = "clicks";
    rule.until = std::chrono::seconds(10);
    tecton.faults().add(rule, at_ms(0).at);
    CHECK(ask(tecton, ingest(ingest_body(click(1))), 9'999).status == 404);
    CHECK(ask(tecton, ingest(ingest_body(click(1))), 10'000).status == 200);
}

TEST_CASE("Tecton: a reset or an error may come before or after the write") {
    for (auto const kind : {FaultKind::reset, FaultKind::status}) {
        for (auto const effect : {WriteEffect::none, WriteEffect::whole}) {
            auto tecton = make_tecton();
            auto rule = fault(kind);
            rule.fault.write = effect;
            tecton.faults().add(rule, at_ms(0).at);
            auto const answer = ask(tecton, ingest(ingest_body(click(1))));
            CHECK((answer.delivery == http::Delivery::reset) == (kind == FaultKind::reset));
            CHECK(tecton.stats().records_written == (effect == WriteEffect::whole ? 1U : 0U));
            CHECK(tecton.stats().records_acknowledged == 0);
            CHECK(tecton.stats().unanswered == (kind == FaultKind::reset ? 1U : 0U));
        }
    }
}

TEST_CASE("Tecton: an error may leave a part written") {
    auto tecton = make_tecton();
    auto rule = status(500);
    rule.fault.write = WriteEffect::part;
    tecton.faults().add(rule, at_ms(0).at);
    ask(tecton, ingest(ingest_body(click(1) + "," + click(2, "b"))));
    CHECK(tecton.stats().records_written == 1);
    CHECK(tecton.store().view(0).rows == 1);
}

TEST_CASE("Tecton: a stall waits as told and counts its keys apart") {
    auto tecton = make_tecton();
    auto rule = fault(FaultKind::stall);
    rule.fault.wait_ms = 1234;
    rule.count = 1;
    tecton.faults().add(rule, at_ms(0).at);
    auto const reply = tecton.handle(ingest(ingest_body(click(1))), at_ms(0));
    CHECK(reply.wait == std::chrono::milliseconds(1234));
    CHECK(reply.response.delivery == http::Delivery::reset);
    ask(tecton, ingest(ingest_body(click(1))));
    CHECK(tecton.in_progress().keys_at_once() == 0);
    CHECK(tecton.in_progress().keys_at_once_stalled() == 1);
}

TEST_CASE(
    "Tecton: true answers can be spoilt on their way, and are not acknowledged when cut off") {
    struct Row {
        FaultKind kind;
        http::Delivery delivery;
        std::uint64_t acknowledged;
    };
    for (auto const& row : {Row{FaultKind::truncated, http::Delivery::truncated, 0},
                            Row{FaultKind::close_after, http::Delivery::close_after, 1},
                            Row{FaultKind::chunked, http::Delivery::chunked, 1},
                            Row{FaultKind::broken_body, http::Delivery::whole, 0}}) {
        auto tecton = make_tecton();
        tecton.faults().add(fault(row.kind), at_ms(0).at);
        auto const answer = ask(tecton, ingest(ingest_body(click(1))));
        CHECK(answer.status == 200);
        CHECK(answer.delivery == row.delivery);
        CHECK(tecton.stats().records_written == 1);
        CHECK(tecton.stats().records_acknowledged == row.acknowledged);
        JsonTree tree;
        CHECK(tree.parse(answer.body).has_value() == (row.kind != FaultKind::broken_body));
    }
}

TEST_CASE("Tecton: GOAWAY refuses the request and closes the connection") {
    auto tecton = make_tecton();
    tecton.faults().add(fault(FaultKind::goaway), at_ms(0).at);
    CHECK(ask(tecton, ingest(ingest_body(click(1)))).status == 502);
    CHECK(tecton.stats().records_written == 0);
}

TEST_CASE("Tecton: latency delays the true answer") {
    auto tecton = make_tecton();
    auto rule = fault(FaultKind::latency);
    rule.fault.p50_ms = 55;
    tecton.faults().add(rule, at_ms(0).at);
    auto const reply = tecton.handle(ingest(ingest_body(click(1))), at_ms(0));
    CHECK(reply.wait == std::chrono::milliseconds(55));
    CHECK(reply.response.status == 200);
}

TEST_CASE(
    "Tecton: a reset of the emulator forgets rows, figures and faults, not what is configured") {
    auto tecton = make_tecton();
    ask(tecton, ingest(ingest_body(click(1))));
    tecton.faults().add(status(503), at_ms(0).at);
    tecton.set_workspace({"more", true});
    tecton.reset();
    CHECK(tecton.stats().requests == 0);
    CHECK(tecton.store().view(0).rows == 0);
    CHECK(ask(tecton, ingest(ingest_body(click(1)))).status == 200);
    CHECK(tecton.remove_workspace("more"));
    CHECK_FALSE(tecton.remove_workspace("more"));
    tecton.set_workspace({"prod", false});
    CHECK(ask(tecton, ingest(ingest_body(click(1)))).status == 404);
}

}  // namespace headrace::emulator
