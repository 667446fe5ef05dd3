#include "emulator/fault_answers.hpp"

#include "requests.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::emulator {
namespace {

http::ServerResponse answer(int status, BodyForm body) {
    Fault fault;
    fault.status = status;
    fault.body = body;
    return status_answer(fault, R"({"own":1})", test::at_ms(0).wall);
}

}  // namespace

TEST_CASE("an error's body has the form that the fault asks for") {
    CHECK(answer(503, BodyForm::json).body == R"({"own":1})");
    CHECK(answer(503, BodyForm::none).body.empty());
    CHECK(answer(503, BodyForm::text).body == "error 503");
    CHECK(answer(503, BodyForm::html).body.starts_with("<html>"));
    CHECK(answer(503, BodyForm::html).content_type == "text/html");
    CHECK(answer(503, BodyForm::html).status == 503);
}

TEST_CASE("a gRPC style body has gRPC's code for the status") {
    struct Row {
        int status;
        std::string code;
    };
    for (auto const& row :
         {Row{400, "3"}, Row{401, "16"}, Row{403, "7"}, Row{404, "5"}, Row{408, "1"}, Row{429, "8"},
          Row{500, "2"}, Row{501, "12"}, Row{503, "14"}, Row{504, "4"}}) {
        auto const body = answer(row.status, BodyForm::grpc).body;
        CHECK(body.find("\"code\":" + row.code + ",") != std::string::npos);
        CHECK(body.find("\"error\":") != std::string::npos);
    }
}

TEST_CASE("Retry-After stands among the headers") {
    Fault fault;
    fault.retry_after = RetryAfter::seconds;
    fault.retry_after_secs = 2;
    auto const reply = status_answer(fault, "{}", test::at_ms(0).wall);
    REQUIRE(reply.headers.size() == 1);
    CHECK(reply.headers.front().second == "2");
}

TEST_CASE("GOAWAY comes as a proxy's 502, and the connection closes") {
    auto const reply = goaway_answer();
    CHECK(reply.status == 502);
    CHECK(reply.body.find("GOAWAY") != std::string::npos);
    CHECK(reply.delivery == http::Delivery::close_after);
}

TEST_CASE("each spoiling fault changes the way of the answer") {
    struct Row {
        FaultKind kind;
        http::Delivery delivery;
        bool keeps;
    };
    for (auto const& row : {Row{FaultKind::truncated, http::Delivery::truncated, true},
                            Row{FaultKind::close_after, http::Delivery::close_after, true},
                            Row{FaultKind::chunked, http::Delivery::chunked, true},
                            Row{FaultKind::byte_by_byte, http::Delivery::byte_by_byte, true},
                            Row{FaultKind::reset, http::Delivery::reset, false},
                            Row{FaultKind::stall, http::Delivery::reset, false},
                            Row{FaultKind::broken_body, http::Delivery::whole, true},
                            Row{FaultKind::status, http::Delivery::whole, false}}) {
        Reply reply;
        reply.response.body = "{\"a\":1}";
        Fault fault;
        fault.kind = row.kind;
        fault.wait_ms = 4'000'000;
        spoil(reply, fault);
        CHECK(reply.response.delivery == row.delivery);
        CHECK(keeps_answer(row.kind) == row.keeps);
        CHECK(reply.response.body == (row.kind == FaultKind::broken_body ? "{\"a" : "{\"a\":1}"));
        // A stall is bounded by a named limit, whatever the switch says.
        CHECK(reply.wait == (row.kind == FaultKind::stall ? stall_max : Duration::zero()));
    }
}

}  // namespace headrace::emulator
