#include "milvus_requests.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::emulator {
namespace {

using test::ask;
using test::at_ms;
using test::code_fault;
using test::code_of;
using test::doc;
using test::fault;
using test::make_milvus;
using test::milvus;
using test::rows_body;
using test::upsert;

std::uint64_t rows(MilvusEmulator const& emulator) {
    return emulator.store().row_count("default/docs");
}

std::string text_of(MilvusEmulator const& emulator, std::string const& key) {
    auto const found = emulator.store().rows_of("default/docs", {}, {key});
    return found.empty() ? "" : found.front().text;
}

}  // namespace

TEST_CASE(
    "Milvus: every code of the contract can be switched on, with HTTP 200 and nothing written") {
    for (std::int64_t const code :
         {1,     2,    4,    8,    12,    103,   106,  110,  202,  505,  507,   1002, 1003,
          3,     7,    9,    11,   10000, 10001, 5,    500,  901,  1001, 1302,  1303, 2000,
          65535, 1100, 1101, 1700, 1701,  1801,  1804, 1806, 1102, 109,  100,   101,  200,
          201,   800,  802,  10,   1400,  1401,  1800, 1802, 1803, 1805, 424242}) {
        auto emulator = make_milvus();
        auto rule = code_fault(code);
        rule.count = 1;
        emulator.faults().add(rule, at_ms(0).at);
        auto const answer = ask(emulator, milvus("entities/upsert", rows_body(doc("1"))));
        CHECK(answer.status == 200);
        CHECK(code_of(answer.body) == std::to_string(code));
        CHECK(rows(emulator) == 0);
        CHECK(code_of(upsert(emulator, doc("1"))) == "0");
    }
}

TEST_CASE("Milvus: the limiter's 1807 carries rate, quota or another inner text") {
    for (auto const* inner :
         {"", "rate limit exceeded[rate=5]", "quota exceeded[reason=time tick long delay]",
          "partition not found[partition=x]"}) {
        auto emulator = make_milvus();
        emulator.faults().add(code_fault(1807, inner), at_ms(0).at);
        auto const body = upsert(emulator, doc("1"));
        CHECK(
            body.starts_with(R"({"code":1807,"message":"request is rejected by limiter, error: )"));
        CHECK(body.find(inner) != std::string::npos);
    }
}

TEST_CASE("Milvus: statuses come with the bodies that the server gives them") {
    struct Row {
        int status;
        BodyForm form;
        char const* body;
    };
    for (auto const& row :
         {Row{401, BodyForm::json, R"({"code":1800,"message":"user hasn't authenticated"})"},
          Row{403, BodyForm::json, R"({"code":65535,"message":"permission denied"})"},
          Row{404, BodyForm::json, "404 page not found"},
          Row{408, BodyForm::json, R"({"code":10001,"message":"request timeout"})"},
          Row{408, BodyForm::text, "error 408"}, Row{500, BodyForm::json, R"({"code":500})"},
          Row{503, BodyForm::json, R"({"code":1,"message":"service not ready"})"},
          Row{404, BodyForm::none, ""}}) {
        auto emulator = make_milvus();
        auto rule = fault(FaultKind::status);
        rule.fault.status = row.status;
        rule.fault.body = row.form;
        emulator.faults().add(rule, at_ms(0).at);
        auto const answer = ask(emulator, milvus("entities/upsert", rows_body(doc("1"))));
        CAPTURE(row.status);
        CHECK(answer.status == row.status);
        CHECK(answer.body == row.body);
    }
    for (int const status : {502, 503, 504}) {
        auto emulator = make_milvus();
        auto rule = fault(FaultKind::status);
        rule.fault.status = status;
        rule.fault.body = BodyForm::html;
        emulator.faults().add(rule, at_ms(0).at);
        CHECK(ask(emulator, milvus("entities/upsert", rows_body(doc("1")))).content_type ==
              "text/html");
    }
}

TEST_CASE("Milvus: a 408 or a reset may leave nothing, all, or all of it later") {
    for (auto const kind : {FaultKind::status, FaultKind::reset}) {
        for (auto const effect : {WriteEffect::none, WriteEffect::whole, WriteEffect::late}) {
            auto emulator = make_milvus();
            auto rule = fault(kind);
            rule.fault.status = 408;
            rule.fault.write = effect;
            rule.fault.late_ms = 500;
            rule.count = 1;
            emulator.faults().add(rule, at_ms(0).at);
            upsert(emulator, doc("1", "old"), 0);
            CHECK(rows(emulator) == (effect == WriteEffect::whole ? 1U : 0U));
            emulator.settle_late(at_ms(499));
            CHECK(rows(emulator) == (effect == WriteEffect::whole ? 1U : 0U));
            emulator.settle_late(at_ms(500));
            CHECK(rows(emulator) == (effect == WriteEffect::none ? 0U : 1U));
            CHECK(emulator.stats().late_writes == (effect == WriteEffect::late ? 1U : 0U));
            CHECK(emulator.stats().rows_acknowledged == 0);
        }
    }
}

TEST_CASE("Milvus: a late write may overwrite a newer one of its key, and only of its key") {
    auto emulator = make_milvus();
    auto rule = fault(FaultKind::status);
    rule.fault.status = 408;
    rule.fault.write = WriteEffect::after_newer;
    rule.count = 1;
    emulator.faults().add(rule, at_ms(0).at);
    upsert(emulator, doc("1", "old"));
    upsert(emulator, doc("2", "other"), 100'000);
    CHECK(text_of(emulator, "1").empty());
    upsert(emulator, doc("1", "new"), 200'000);
    CHECK(text_of(emulator, "1").find("old") != std::string::npos);
    upsert(emulator, doc("1", "newest"), 300'000);
    CHECK(text_of(emulator, "1").find("newest") != std::string::npos);
}

TEST_CASE("Milvus: a late write waits for its time, also past a newer one of its key") {
    auto emulator = make_milvus();
    auto rule = fault(FaultKind::status);
    rule.fault.write = WriteEffect::late;
    rule.fault.late_ms = 500;
    rule.count = 1;
    emulator.faults().add(rule, at_ms(0).at);
    upsert(emulator, doc("1", "old"), 0);
    upsert(emulator, doc("1", "new"), 100);
    CHECK(text_of(emulator, "1").find("new") != std::string::npos);
    emulator.settle_late(at_ms(500));
    CHECK(text_of(emulator, "1").find("old") != std::string::npos);
}

TEST_CASE("Milvus: part of the shards may be written before a system error") {
    auto emulator = make_milvus();
    auto rule = code_fault(65535);
    rule.fault.write = WriteEffect::part;
    emulator.faults().add(rule, at_ms(0).at);
    std::string many = doc("0");
    for (int i = 1; i < 200; ++i) {
        many += "," + doc(std::to_string(i));
    }
    CHECK(code_of(upsert(emulator, many)) == "65535");
    CHECK(rows(emulator) > 50);
    CHECK(rows(emulator) < 150);
    CHECK(emulator.stats().rows_written == rows(emulator));
    for (auto const& entry : emulator.store().all_counts()) {
        CHECK(entry.counts->ids.distinct() == rows(emulator));
    }
}

TEST_CASE("Milvus: a wrong count and the success of old servers are written all the same") {
    auto emulator = make_milvus();
    auto wrong = fault(FaultKind::wrong_count);
    wrong.count = 1;
    emulator.faults().add(wrong, at_ms(0).at);
    auto const body = upsert(emulator, doc("1") + "," + doc("2"));
    CHECK(body == R"({"code":0,"cost":0,"data":{"upsertCount":1,"upsertIds":[1,2]}})");
    CHECK(rows(emulator) == 2);
    CHECK(emulator.stats().rows_acknowledged == 0);
    emulator.faults().clear();
    emulator.faults().add(fault(FaultKind::success_200), at_ms(0).at);
    CHECK(code_of(upsert(emulator, doc("3"))) == "200");
    CHECK(emulator.stats().rows_acknowledged == 1);
    CHECK(code_of(ask(emulator, milvus("entities/delete",
                                       R"({"collectionName":"docs","filter":"id in [1]"})"))
                      .body) == "200");
    CHECK(emulator.stats().rows_acknowledged == 1);
}

TEST_CASE("Milvus: a delete's count can be wrong too") {
    auto emulator = make_milvus();
    auto wrong = fault(FaultKind::wrong_count);
    wrong.fault.count_error = 2;
    emulator.faults().add(wrong, at_ms(0).at);
    CHECK(ask(emulator,
              milvus("entities/delete", R"({"collectionName":"docs","filter":"id in [1]"})"))
              .body == R"({"code":0,"cost":0,"data":{"deleteCount":3}})");
}

TEST_CASE("Milvus: standard statuses give the same bodies another status") {
    auto emulator = make_milvus();
    emulator.switches().standard_statuses = true;
    CHECK(ask(emulator, milvus("entities/upsert", rows_body(doc("1"), "nope"))).status == 400);
    emulator.faults().add(code_fault(8), at_ms(0).at);
    CHECK(ask(emulator, milvus("entities/upsert", rows_body(doc("1")))).status == 500);
    emulator.faults().clear();
    emulator.faults().add(code_fault(1807), at_ms(0).at);
    auto const answer = ask(emulator, milvus("entities/upsert", rows_body(doc("1"))));
    CHECK(answer.status == 429);
    CHECK(code_of(answer.body) == "1807");
}

TEST_CASE("Milvus: absent, broken, cut off, GOAWAY and stalled answers") {
    struct Row {
        FaultKind kind;
        int status;
        http::Delivery delivery;
        std::uint64_t rows;
    };
    for (auto const& row : {Row{FaultKind::absent, 200, http::Delivery::whole, 0},
                            Row{FaultKind::broken_body, 200, http::Delivery::whole, 1},
                            Row{FaultKind::truncated, 200, http::Delivery::truncated, 1},
                            Row{FaultKind::close_after, 200, http::Delivery::close_after, 1},
                            Row{FaultKind::goaway, 502, http::Delivery::close_after, 0},
                            Row{FaultKind::stall, 200, http::Delivery::reset, 0}}) {
        auto emulator = make_milvus();
        emulator.faults().add(fault(row.kind), at_ms(0).at);
        auto const answer = ask(emulator, milvus("entities/upsert", rows_body(doc("1"))));
        CHECK(answer.status == row.status);
        CHECK(answer.delivery == row.delivery);
        CHECK(rows(emulator) == row.rows);
    }
}

TEST_CASE("Milvus: a fault is kept to its collection and its operation") {
    auto emulator = make_milvus();
    auto rule = code_fault(100);
    rule.target = "pages";
    emulator.faults().add(rule, at_ms(0).at);
    auto describe = code_fault(101);
    describe.operation = "describe";
    emulator.faults().add(describe, at_ms(0).at);
    CHECK(code_of(upsert(emulator, doc("1"))) == "0");
    CHECK(
        code_of(ask(emulator, milvus("entities/upsert", rows_body(doc("\"a\""), "pages"))).body) ==
        "100");
    CHECK(code_of(
              ask(emulator, milvus("collections/describe", R"({"collectionName":"docs"})")).body) ==
          "101");
    CHECK(code_of(ask(emulator, milvus("collections/has", R"({"collectionName":"docs"})")).body) ==
          "0");
}

TEST_CASE("Milvus: the server's own time limit answers 408, and the write goes on") {
    auto emulator = make_milvus();
    auto rule = fault(FaultKind::latency);
    rule.fault.p50_ms = 5000;
    emulator.faults().add(rule, at_ms(0).at);
    auto const reply = emulator.handle(
        milvus("entities/upsert", rows_body(doc("1")), {{"Request-Timeout", "2"}}), at_ms(0));
    CHECK(reply.response.status == 408);
    CHECK(reply.wait == std::chrono::seconds(2));
    CHECK(rows(emulator) == 1);
    CHECK(emulator.stats().rows_acknowledged == 0);
    auto const patient = emulator.handle(milvus("entities/upsert", rows_body(doc("1"))), at_ms(0));
    CHECK(patient.response.status == 200);
    CHECK(patient.wait == std::chrono::seconds(5));
}

TEST_CASE(
    "Milvus contract 12: figures, repeated keys, concurrency and keys in two requests at once") {
    auto emulator = make_milvus();
    auto const first = emulator.handle(milvus("entities/upsert", rows_body(doc("1"))), at_ms(0));
    auto const second = emulator.handle(
        milvus("entities/upsert", rows_body(doc("1"), "docs", R"(,"partitionName":"archive")")),
        at_ms(0));
    CHECK(emulator.in_progress().keys_at_once() == 0);
    auto const third =
        emulator.handle(milvus("entities/upsert", rows_body(doc("1") + "," + doc("2"))), at_ms(0));
    CHECK(emulator.in_progress().keys_at_once() == 1);
    CHECK(emulator.in_progress().greatest() == 3);
    for (auto const ticket : {first.ticket, second.ticket, third.ticket}) {
        emulator.finish(ticket);
    }
    auto const& stats = emulator.stats();
    CHECK(stats.write_requests == 3);
    CHECK(stats.rows_written == 4);
    CHECK(stats.rows_acknowledged == 4);
    CHECK(stats.by_code.at(0) == 3);
    auto const counts = emulator.store().all_counts();
    REQUIRE(counts.size() == 1);
    CHECK(counts.front().counts->keys_repeated == 1);
    CHECK(counts.front().counts->rows_per_request_max == 2);
    CHECK(counts.front().counts->ids.times(std::int64_t{1}) == 3);
}

TEST_CASE("Milvus: record ids can stand in another field than the key") {
    auto emulator = make_milvus(
        [](MilvusSettings& settings) { settings.collections.front().id_field = "title"; });
    upsert(emulator, doc("1", "77") + "," + doc("2", "name"));
    auto const& ids = emulator.store().all_counts().front().counts->ids;
    CHECK(ids.times(std::int64_t{77}) == 1);
    CHECK(ids.times(std::string_view("name")) == 1);
}

TEST_CASE("Milvus: a store that counts only keeps neither rows nor ids") {
    auto emulator =
        make_milvus([](MilvusSettings& settings) { settings.switches.store = StoreForm::counts; });
    CHECK(code_of(upsert(emulator, doc("1"))) == "0");
    CHECK(rows(emulator) == 0);
    CHECK(emulator.stats().rows_written == 1);
    CHECK(emulator.store().all_counts().front().counts->ids.distinct() == 0);
}

TEST_CASE("Milvus: a reset of the emulator forgets everything but what is configured") {
    auto emulator = make_milvus();
    upsert(emulator, doc("1"));
    emulator.faults().add(code_fault(1), at_ms(0).at);
    emulator.reset();
    CHECK(emulator.stats().requests == 0);
    CHECK(rows(emulator) == 0);
    CHECK(code_of(upsert(emulator, doc("1"))) == "0");
    CHECK(emulator.remove_collection("default", "docs"));
    CHECK_FALSE(emulator.remove_collection("default", "docs"));
    CHECK(code_of(upsert(emulator, doc("1"))) == "100");
    emulator.set_collection(default_milvus_settings().collections.front());
    emulator.set_collection(default_milvus_settings().collections.front());
    CHECK(emulator.settings().collections.size() == 2);
}

}  // namespace headrace::emulator
