#include "tecton_requests.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::emulator {
namespace {

using test::ask;
using test::at_ms;
using test::click;
using test::ingest;
using test::ingest_body;
using test::make_tecton;

bool has(std::string const& body, std::string_view part) {
    return body.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("Tecton contract 1: each path takes its style of keys; a switch allows both") {
    auto tecton = make_tecton();
    std::string const camel =
        R"({"workspaceName":"prod","dryRun":false,"records":{"clicks":[)" + click(1) + "]}}";
    CHECK(ask(tecton, ingest(ingest_body(click(1)))).status == 200);
    CHECK(ask(tecton, ingest(camel)).status == 400);
    CHECK(ask(tecton, ingest(camel, "demo-key", "/v2/ingest")).status == 200);
    CHECK(ask(tecton, ingest(ingest_body(click(1)), "demo-key", "/v2/ingest")).status == 400);
    tecton.switches().both_key_styles = true;
    CHECK(ask(tecton, ingest(camel)).status == 200);
    CHECK(ask(tecton, ingest(ingest_body(click(1)), "demo-key", "/v2/ingest")).status == 200);
}

TEST_CASE("Tecton contract 2: the key decides between 401, 403 and success") {
    auto tecton = make_tecton([](TectonSettings& settings) {
        settings.keys.push_back({"own", Role::owner, {}});
        settings.keys.push_back({"see", Role::viewer, {}});
        settings.keys.push_back({"none", Role::none, {}});
        settings.keys.push_back({"read", Role::consumer, {}});
    });
    auto const body = ingest_body(click(1));
    auto const dry = ingest_body(click(1), "clicks", true);
    CHECK(ask(tecton, ingest(body, "own")).status == 200);
    CHECK(ask(tecton, ingest(body, "other")).status == 401);
    CHECK(ask(tecton, ingest(body, "")).status == 401);
    CHECK(ask(tecton, ingest(body, "none")).status == 403);
    CHECK(ask(tecton, ingest(body, "read")).status == 403);
    CHECK(ask(tecton, ingest(body, "see")).status == 403);
    CHECK(ask(tecton, ingest(dry, "see")).status == 200);
    CHECK(ask(tecton, ingest(dry, "none")).status == 403);
    auto const with = [&](std::string header) {
        return ask(tecton,
                   test::request("POST", "/ingest", body, {{"authorization", std::move(header)}}))
            .status;
    };
    CHECK(with("TECTON-KEY demo-key") == 200);
    CHECK(with("Tecton-key  demo-key") == 200);
    CHECK(with("Bearer demo-key") == 401);
    CHECK(with("Tecton-key") == 401);
    CHECK(with("demo-key") == 401);
    CHECK(ask(tecton, test::request("POST", "/ingest", body)).status == 401);
}

TEST_CASE("Tecton: a new key is refused for its first seconds") {
    auto tecton = make_tecton();
    tecton.set_key({"fresh", Role::editor, std::chrono::seconds(60)}, at_ms(1000).at);
    auto const request = ingest(ingest_body(click(1)), "fresh");
    CHECK(ask(tecton, request, 60'999).status == 401);
    CHECK(ask(tecton, request, 61'000).status == 200);
    CHECK(tecton.remove_key("fresh"));
    CHECK(ask(tecton, request, 70'000).status == 401);
    CHECK_FALSE(tecton.remove_key("fresh"));
}

TEST_CASE("Tecton contract 3: Content-Type is not required and not minded") {
    auto tecton = make_tecton();
    auto request = ingest(ingest_body(click(1)));
    request.headers.emplace_back("Content-Type", "text/plain");
    CHECK(ask(tecton, request).status == 200);
}

TEST_CASE("Tecton contract 4: bad JSON and a wrong envelope are 400 with requestError") {
    auto tecton = make_tecton();
    for (std::string const& body :
         {std::string("{"), std::string(""), std::string("[]"), ingest_body("{}"), ingest_body("1"),
          std::string(R"({"workspace_name":"prod","dry_run":false})"),
          std::string("{\"workspace_name\":\"\xFF\"}")}) {
        auto const answer = ask(tecton, ingest(body));
        CAPTURE(body);
        CHECK(answer.status == 400);
        CHECK(has(answer.body, "\"requestError\":{\"errorMessage\":"));
    }
}

TEST_CASE("Tecton contract 5: what is unknown is 404 and refuses the whole request") {
    auto tecton = make_tecton([](TectonSettings& settings) {
        settings.workspaces.push_back({"dev", false});
        auto lonely = settings.sources.front();
        lonely.name = "lonely";
        settings.sources.push_back(lonely);
        auto offline = settings.sources.front();
        offline.name = "offline";
        settings.sources.push_back(offline);
        settings.views.push_back({"off_fv", "offline", {"user_id"}, "timestamp", true, {}, false});
        auto dev = settings.sources.front();
        dev.name = "dev_clicks";
        dev.workspace = "dev";
        settings.sources.push_back(dev);
        settings.views.push_back({"dev_fv", "dev_clicks", {"user_id"}, "timestamp", true, {}});
    });
    auto const answer = ask(tecton, ingest(ingest_body(click(1), "clicks", false, "nowhere")));
    CHECK(answer.status == 404);
    CHECK(has(answer.body, "workspace `nowhere`"));
    CHECK(ask(tecton, ingest(ingest_body(click(1), "unknown"))).status == 404);
    CHECK(ask(tecton, ingest(ingest_body(click(1), "lonely"))).status == 404);
    CHECK(ask(tecton, ingest(ingest_body(click(1), "lonely", true))).status == 404);
    CHECK(ask(tecton, ingest(ingest_body(click(1), "offline"))).status == 404);
    CHECK(ask(tecton, ingest(ingest_body(click(1), "offline", true))).status == 200);
    // A stream source of another workspace, and a workspace that is not live.
    CHECK(ask(tecton, ingest(ingest_body(click(1), "dev_clicks"))).status == 404);
    CHECK(ask(tecton, ingest(ingest_body(click(1), "dev_clicks", false, "dev"))).status == 404);
    CHECK(ask(tecton, ingest(ingest_body(click(1), "dev_clicks", true, "dev"))).status == 200);
    auto const mixed = R"({"workspace_name":"prod","dry_run":false,"records":{"clicks":[)" +
                       click(1) + R"(],"unknown":[)" + click(2) + "]}}";
    CHECK(ask(tecton, ingest(mixed)).status == 404);
    CHECK(tecton.stats().records_written == 0);
}

TEST_CASE("Tecton: a new stream source is refused for its first seconds") {
    auto tecton = make_tecton();
    auto source = tecton.settings().sources.front();
    source.name = "fresh";
    source.new_for = std::chrono::seconds(5);
    tecton.set_source(source, at_ms(0).at);
    FeatureView view = tecton.settings().views.front();
    view.name = "fresh_fv";
    view.source = "fresh";
    tecton.set_view(view);
    CHECK(ask(tecton, ingest(ingest_body(click(1), "fresh")), 4999).status == 404);
    CHECK(ask(tecton, ingest(ingest_body(click(1), "fresh")), 5000).status == 200);
    CHECK(tecton.remove_source("fresh"));
    CHECK(ask(tecton, ingest(ingest_body(click(1), "fresh")), 6000).status == 404);
}

TEST_CASE("Tecton contract 6: several stream sources, no cap on records, caps by switch") {
    auto tecton = make_tecton();
    std::string many = click(0);
    for (int i = 1; i < 3000; ++i) {
        many += "," + click(i, "u" + std::to_string(i));
    }
    CHECK(ask(tecton, ingest(ingest_body(many))).status == 200);
    auto const three = R"({"workspace_name":"prod","dry_run":false,"records":{"clicks":[)" +
                       click(1) +
                       R"(],"views":[{"record":{"timestamp":"2026-11-21T08:59:00Z"}}],)"
                       R"("purchases":[{"record":{"timestamp":"2026-11-21T08:59:00Z"}}]}})";
    CHECK(ask(tecton, ingest(three)).status == 200);
    tecton.switches().sources_max = 2;
    CHECK(ask(tecton, ingest(three)).status == 400);
    tecton.switches().records_per_source_max = 10;
    CHECK(ask(tecton, ingest(ingest_body(many))).status == 400);
    tecton.switches().body_bytes_max = 100;
    CHECK(ask(tecton, ingest(ingest_body(many))).status == 413);
    CHECK(tecton.store().sources().at("clicks").records_per_request_max == 3000);
}

TEST_CASE("Tecton contract 7: a schema mismatch is 400 with recordErrors") {
    auto tecton = make_tecton();
    auto const item = [](std::string const& fields) {
        return R"({"record":{"timestamp":"2026-11-21T08:59:00Z",)" + fields + "}}";
    };
    auto const answer = ask(tecton, ingest(ingest_body(item(R"("user_id":5)"))));
    CHECK(answer.status == 400);
    CHECK(has(answer.body,
              R"("workspaceName":"prod","recordErrors":[{"featureViewName":"clicks_fv")"));
    CHECK(has(answer.body, R"("pushSourceName":"clicks")"));
    CHECK(ask(tecton, ingest(ingest_body(item(R"("event_id":"123")")))).status == 200);
    CHECK(ask(tecton, ingest(ingest_body(item(R"("event_id":"x")")))).status == 400);
    CHECK(tecton.store().sources().at("clicks").ids.times(std::int64_t{123}) == 1);
}

TEST_CASE("Tecton contract 8: the timestamp is judged by the feature view, without an index") {
    auto tecton = make_tecton(
        [](TectonSettings& settings) { settings.views.front().ttl = std::chrono::hours(24); });
    struct Row {
        char const* timestamp;
        int status;
    };
    for (auto const& row :
         {Row{R"("timestamp":"2026-11-21T08:00:00Z")", 200},
          Row{R"("timestamp":"2026-11-20T09:00:00Z")", 200},
          Row{R"("timestamp":"2026-11-20T08:59:59.999999999Z")", 400},
          Row{R"("timestamp":"2027-01-01T00:00:00Z")", 200}, Row{R"("user_id":"u")", 400},
          Row{R"("timestamp":null)", 400}, Row{R"("timestamp":1795251600)", 400},
          Row{R"("timestamp":"soon")", 400}}) {
        CAPTURE(row.timestamp);
        auto const answer =
            ask(tecton, ingest(ingest_body(std::string(R"({"record":{)") + row.timestamp + "}}")));
        CHECK(answer.status == row.status);
        CHECK(has(answer.body, "recordErrors") == (row.status == 400));
    }
    auto const late = ask(tecton, ingest(ingest_body(click(1, "u", "2020-01-01T00:00:00Z"))));
    CHECK(has(late.body,
              "timestamp value is outside of the serving TTL defined for Feature View clicks_fv"));
}

TEST_CASE("Tecton contract 9: a bad record leaves nothing written, or the good ones by switch") {
    auto tecton = make_tecton();
    auto const body = ingest_body(click(1, "a") + R"(,{"record":{"nope":1}},)" + click(2, "b"));
    CHECK(ask(tecton, ingest(body)).status == 400);
    CHECK(tecton.store().view(0).rows == 0);
    CHECK(tecton.stats().records_written == 0);
    tecton.switches().keep_good_records = true;
    CHECK(ask(tecton, ingest(body)).status == 400);
    CHECK(tecton.store().view(0).rows == 2);
    CHECK(tecton.stats().records_written == 2);
    CHECK(tecton.stats().records_acknowledged == 0);
    CHECK(tecton.store().sources().at("clicks").ids.distinct() == 2);
}

TEST_CASE("Tecton: an answer lists no more than a hundred errors") {
    auto tecton = make_tecton();
    std::string items = R"({"record":{}})";
    for (int i = 0; i < 500; ++i) {
        items += R"(,{"record":{}})";
    }
    auto const answer = ask(tecton, ingest(ingest_body(items)));
    std::size_t errors = 0;
    for (auto at = answer.body.find("errorType"); at != std::string::npos;
         at = answer.body.find("errorType", at + 1)) {
        ++errors;
    }
    CHECK(errors == 100);
}

TEST_CASE("Tecton contract 11: success counts per feature view, as strings, zeros left out") {
    auto tecton = make_tecton([](TectonSettings& settings) {
        settings.views.push_back({"extra_fv", "clicks", {"url"}, "timestamp", true, {}});
        settings.views.back().offline = false;
        settings.views.push_back({"stored_fv", "clicks", {"url"}, "timestamp", true, {}, false});
    });
    auto const body = ask(tecton, ingest(ingest_body(click(1) + "," + click(2)))).body;
    CHECK(has(body, R"({"workspaceName":"prod","ingestMetrics":{"featureViewIngestMetrics":[)"));
    CHECK(has(body, R"({"featureViewName":"clicks_fv","onlineRecordIngestCount":"2",)"
                    R"("offlineRecordIngestCount":"2","featureViewId":")"));
    CHECK(has(body,
              R"({"featureViewName":"extra_fv","onlineRecordIngestCount":"2","featureViewId")"));
    CHECK(has(body, R"({"featureViewName":"stored_fv","offlineRecordIngestCount":"2")"));
    CHECK_FALSE(has(body, "views_fv"));
    CHECK_FALSE(has(body, "dataSourceIngestMetrics"));
    tecton.switches().data_source_metrics = true;
    CHECK(has(
        ask(tecton, ingest(ingest_body(click(1)))).body,
        R"("dataSourceIngestMetrics":[{"dataSourceName":"clicks","offlineRecordIngestCount":"1")"));
    // A view that is not online has no rows to be read online.
    CHECK(tecton.store().view(4).writes == 0);
}

TEST_CASE("Tecton contract 12: a dry run checks everything, counts as if written, writes nothing") {
    auto tecton = make_tecton();
    auto const good = ask(tecton, ingest(ingest_body(click(1), "clicks", true)));
    CHECK(good.status == 200);
    CHECK(has(good.body, R"("onlineRecordIngestCount":"1")"));
    CHECK(ask(tecton, ingest(ingest_body(R"({"record":{"x":1}})", "clicks", true))).status == 400);
    CHECK(ask(tecton, ingest(ingest_body(click(1), "unknown", true))).status == 404);
    CHECK(tecton.store().view(0).writes == 0);
    CHECK(tecton.stats().dry_runs == 3);
    CHECK(tecton.stats().ingest_requests == 0);
    CHECK(tecton.stats().records_received == 0);
}

TEST_CASE("Tecton contract 13: rows by view, join keys and timestamp are there with the 200") {
    auto tecton = make_tecton();
    ask(tecton, ingest(ingest_body(click(1, "a") + "," + click(2, "a"))));
    ask(tecton, ingest(ingest_body(click(3, "a", "2026-11-21T08:59:00.000000001Z"))));
    auto const rows = tecton.store().rows(0, 0, 10);
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].key == "a");
    CHECK(has(rows[0].record, "\"event_id\":2"));
    CHECK(tecton.store().view(0).repeated == 1);
    CHECK(tecton.store().view(0).overwritten == 1);
}

TEST_CASE("Tecton: join keys that are missing or composed make one key") {
    auto tecton = make_tecton([](TectonSettings& settings) {
        settings.views.front().join_keys = {"user_id", "url"};
    });
    ask(tecton, ingest(ingest_body(click(1, "a"))));
    CHECK(tecton.store().rows(0, 0, 1).front().key == "a\x1fnull");
}

}  // namespace headrace::emulator
