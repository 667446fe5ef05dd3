#include "tecton_requests.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace headrace::emulator {
namespace {

using test::ask;
using test::click;
using test::ingest;
using test::ingest_body;
using test::make_tecton;
using test::request;

http::ServerResponse control(TectonEmulator& tecton, std::string method, std::string page,
                             std::string body = {}) {
    return ask(tecton, request(std::move(method), "/_emulator/" + page, std::move(body)));
}

bool has(std::string const& body, std::string_view part) {
    return body.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("Tecton: figures are told over HTTP, per stream source and view") {
    auto tecton = make_tecton();
    ask(tecton, ingest(ingest_body(click(1) + "," + click(2) + "," + click(2))));
    auto const body = control(tecton, "GET", "stats").body;
    JsonTree tree;
    REQUIRE(tree.parse(body));
    auto const clicks = tree.root().find("sources")->find("clicks");
    CHECK(clicks->find("records_per_request_max")->raw() == "3");
    CHECK(clicks->find("distinct_ids")->raw() == "2");
    CHECK(clicks->find("duplicate_ids")->raw() == "1");
    CHECK(tree.root().find("requests")->raw() == "1");
    CHECK(tree.root().find("by_status")->find("200")->raw() == "1");
    CHECK(tree.root().find("views")->find("clicks_fv")->find("repeated")->raw() == "2");
    CHECK(tree.root().find("in_progress_max")->raw() == "1");
}

TEST_CASE("Tecton: rows are told by view or stream source, whole or one field of them") {
    auto tecton = make_tecton();
    ask(tecton, ingest(ingest_body(click(1, "a") + "," + click(2, "b"))));
    auto const rows = control(tecton, "GET", "rows?source=clicks");
    CHECK(has(rows.body, R"({"key":"a","ns":)"));
    CHECK(has(rows.body, R"("record":{"event_id":1,)"));
    CHECK(control(tecton, "GET", "rows?view=clicks_fv&field=event_id").body ==
          R"({"values":[1,2]})");
    CHECK(control(tecton, "GET", "rows?source=clicks&field=event_id&offset=1&limit=5").body ==
          R"({"values":[2]})");
    CHECK(control(tecton, "GET", "rows?source=clicks&field=none&limit=1").body ==
          R"({"values":[null]})");
    CHECK(control(tecton, "GET", "rows?source=other").status == 404);
}

TEST_CASE("Tecton: ids are told with what is missing") {
    auto tecton = make_tecton();
    ask(tecton, ingest(ingest_body(click(0) + "," + click(2))));
    CHECK(control(tecton, "GET", "ids?source=clicks&count=3").body ==
          R"({"distinct":2,"duplicates":0,"missing":1,"first_missing":[1]})");
    CHECK(control(tecton, "GET", "ids?source=other").body == R"({"distinct":0,"duplicates":0})");
}

TEST_CASE("Tecton: keys, workspaces and stream sources come and go at run time") {
    auto tecton = make_tecton();
    CHECK(control(tecton, "POST", "keys", R"({"secret":"s","role":"viewer"})").status == 200);
    CHECK(ask(tecton, ingest(ingest_body(click(1)), "s")).status == 403);
    for (auto const* role : {"none", "consumer", "editor", "owner"}) {
        CHECK(
            control(tecton, "POST", "keys", std::string(R"({"secret":"s","role":")") + role + "\"}")
                .status == 200);
    }
    CHECK(ask(tecton, ingest(ingest_body(click(1)), "s")).status == 200);
    CHECK(control(tecton, "DELETE", "keys?secret=s").status == 200);
    CHECK(control(tecton, "DELETE", "keys?secret=s").status == 404);

    CHECK(control(tecton, "POST", "workspaces", R"({"name":"w"})").status == 200);
    CHECK(control(tecton, "POST", "sources", R"({"workspace":"w","name":"n","id_field":"i",
        "fields":{"i":"Int64","t":"Timestamp"},
        "views":[{"name":"n_fv","join_keys":["i"],"timestamp_field":"t","aggregates":false,
                  "ttl_secs":3600}]})")
              .status == 200);
    auto const body =
        ingest_body(R"({"record":{"i":1,"t":"2026-11-21T08:59:00Z"}})", "n", false, "w");
    CHECK(ask(tecton, ingest(body)).status == 200);
    CHECK(control(tecton, "DELETE", "sources?name=n").status == 200);
    CHECK(ask(tecton, ingest(body)).status == 404);
    CHECK(control(tecton, "DELETE", "workspaces?name=w").status == 200);
}

TEST_CASE("Tecton: switches are set over HTTP") {
    auto tecton = make_tecton();
    CHECK(
        control(tecton, "POST", "switches", R"({"accept_unknown":true,"records_per_source_max":1})")
            .status == 200);
    CHECK(tecton.switches().accept_unknown);
    CHECK(tecton.switches().records_per_source_max == 1);
    CHECK(control(tecton, "POST", "switches", R"({"accept_unknown":1})").status == 400);
}

TEST_CASE("Tecton: faults and reset work over HTTP, and pages of the emulator are no requests") {
    auto tecton = make_tecton();
    CHECK(control(tecton, "POST", "faults", R"({"kind":"status","status":429})").status == 200);
    CHECK(ask(tecton, ingest(ingest_body(click(1)))).status == 429);
    CHECK(tecton.stats().requests == 1);
    CHECK(control(tecton, "POST", "reset").status == 200);
    CHECK(tecton.stats().requests == 0);
    CHECK(ask(tecton, ingest(ingest_body(click(1)))).status == 200);
}

TEST_CASE("Tecton: a wrong page, method or body is refused") {
    auto tecton = make_tecton();
    struct Row {
        char const* method;
        char const* page;
        char const* body;
        int status;
    };
    for (auto const& row :
         {Row{"GET", "nothing", "", 404}, Row{"POST", "nothing", "{}", 404},
          Row{"DELETE", "nothing", "", 404}, Row{"POST", "keys", "{", 400},
          Row{"POST", "keys", "{}", 400}, Row{"POST", "keys", R"({"secret":"s","role":"x"})", 400},
          Row{"POST", "workspaces", "{}", 400}, Row{"POST", "sources", "{}", 400},
          Row{"POST", "sources", R"({"name":"a","fields":{"x":"Int"}})", 400},
          Row{"POST", "sources", R"({"name":"a","fields":{},"views":[{}]})", 400},
          Row{"POST", "sources", R"({"fields":{}})", 400}, Row{"PUT", "stats", "", 404}}) {
        CAPTURE(row.method, row.page, row.body);
        CHECK(control(tecton, row.method, row.page, row.body).status == row.status);
    }
    CHECK(tecton.settings().sources.size() == 3);
}

}  // namespace headrace::emulator
