#include "config/reference.hpp"

#include "config/keys.hpp"
#include "unit/config/schema_check.hpp"

#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace headrace::config {
namespace {

std::filesystem::path const root = HEADRACE_SOURCE_DIR;

std::string content(std::filesystem::path const& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST_CASE(
    "the schema in the repository is the one of the table: build the target reference after a "
    "change") {
    CHECK(content(root / "config/headrace.schema.json") == json_schema());
}

TEST_CASE(
    "the reference in docs/configuration.md is the one of the table: build the target reference "
    "after a change") {
    auto const page = content(root / "docs/configuration.md");
    auto const updated = with_reference(page);
    REQUIRE(updated);
    CHECK(*updated == page);
}

TEST_CASE("a page without marks is refused") {
    CHECK_FALSE(with_reference("text"));
    CHECK_FALSE(with_reference("<!-- reference: end -->\n<!-- reference: begin -->\n"));
}

TEST_CASE("the reference has a row for every key") {
    auto const table = markdown_reference();
    for (auto const& key : all_keys())
        CHECK(table.find("| `" + std::string(key.path) + "` |") != std::string::npos);
}

TEST_CASE("the schema accepts every example") {
    SchemaCheck const schema(json_schema());
    for (auto const& entry : std::filesystem::directory_iterator(root / "config")) {
        if (entry.path().extension() != ".yaml") continue;
        INFO(entry.path().filename().string());
        CHECK(schema.accepts(content(entry.path())));
    }
}

TEST_CASE("schema and parser agree on what is allowed") {
    SchemaCheck const schema(json_schema());
    std::vector<std::string> const lines{"",
                                         "    batch: {batch_size: 5}\n",
                                         "    batch: {batch_size: 0}\n",
                                         "    batch: {batch_size: ten}\n",
                                         "    batch: {batch_size: '5'}\n",
                                         "    batch: {batch_size: 1.5}\n",
                                         "    batch: {batchsize: 5}\n",
                                         "    batch: []\n",
                                         "    batch:\n",
                                         "    batch: {bytes: 64KiB}\n",
                                         "    batch: {bytes: 65536}\n",
                                         "    batch: {bytes: 64KB}\n",
                                         "    batch: {bytes: 1}\n",
                                         "    batch: {linger_ms: 50ms}\n",
                                         "    batch: {allow_larger_batches: true}\n",
                                         "    batch: {allow_larger_batches: 1}\n",
                                         "    http: {timeout_secs: 0.5}\n",
                                         "    http: {timeout_secs: 0}\n",
                                         "    http: {concurrency: auto}\n",
                                         "    http: {concurrency: 5}\n",
                                         "    http: {concurrency: many}\n",
                                         "    http: {headers: {a: 1, b: x, c: true}}\n",
                                         "    http: {headers: {a: [1]}}\n",
                                         "    http: {headers: [a]}\n",
                                         "    http: {tls: {verify: false}}\n",
                                         "    http: {tls: {verify: maybe}}\n",
                                         "    http: {tls: {verified: true}}\n",
                                         "    retry: {then: block}\n",
                                         "    retry: {then: drop}\n",
                                         "    dead_letters: {topic: d}\n",
                                         "    dead_letters: {topic: ''}\n",
                                         "    dead_letters: {topic: 5}\n",
                                         "    dead_letters: {topic: ~}\n",
                                         "    record: {on_tombstone: skip}\n",
                                         "    record: {format: avro}\n",
                                         "    limits: {memory: 64MiB}\n",
                                         "    limits: {memory: lots}\n",
                                         "    unknown: 1\n",
                                         "log: {level: info}\n",
                                         "log: {level: 5}\n",
                                         "extra: 1\n",
                                         "admin: {listen: '0.0.0.0:1'}\n"};
    for (auto const& line : lines) {
        INFO(line);
        CHECK(schema.accepts(tecton_text(line)) == errors_of(tecton_text(line)).empty());
    }
}

TEST_CASE("schema and parser agree on what a destination needs") {
    SchemaCheck const schema(json_schema());
    std::vector<std::string> const destinations{
        "{type: tecton, instance: a, api_key: k, workspace_name: w, stream_source_name: s}",
        "{type: tecton, url: 'http://a/ingest', api_key: k, workspace_name: w, stream_source_name: "
        "s}",
        "{type: tecton, api_key: k, workspace_name: w, stream_source_name: s}",
        "{type: tecton, instance: a, workspace_name: w, stream_source_name: s}",
        "{type: tecton, instance: a, url: 'http://a/i', api_key: k, workspace_name: w, "
        "stream_source_name: s}",
        "{type: tecton, instance: a, api_key: k, workspace_name: w, stream_source_name: s, token: "
        "t}",
        "{type: milvus, url: 'http://m', collection: c}",
        "{type: milvus, collection: c}",
        "{type: milvus, url: 'http://m', collection: {header: h, default: d}}",
        "{type: milvus, url: 'http://m', collection: {default: d}}",
        "{type: milvus, url: 'http://m', collection: {header: h, field: /f}}",
        "{type: milvus, url: 'http://m', collection: {topic: {t: c}}}",
        "{type: milvus, url: 'http://m', collection: {field: f}}",
        "{type: milvus, url: 'http://m', collection: {where: f}}",
        "{type: milvus, url: 'http://m', collection: c, dry_run: true}",
        "{type: kafka}",
        "{}",
        "5"};
    for (auto const& destination : destinations) {
        INFO(destination);
        auto const text =
            "kafka: {bootstrap_servers: 'a:1'}\nroutes:\n  - name: r\n    source: {topics: [t]}\n  "
            "  destination: " +
            destination + "\n";
        CHECK(schema.accepts(text) == errors_of(text).empty());
    }
    CHECK_FALSE(schema.accepts("kafka: {bootstrap_servers: 'a:1'}\n"));
    CHECK_FALSE(schema.accepts("routes: []\n"));
}

}  // namespace
}  // namespace headrace::config
