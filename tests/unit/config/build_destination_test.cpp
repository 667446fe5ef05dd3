#include "config/build.hpp"
#include "http/url.hpp"
#include "unit/config/fake_environment.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::config {
namespace {

std::string tecton(std::string const& destination, std::string const& topics = "clicks") {
    return "kafka: {bootstrap_servers: 'a:1'}\nroutes:\n  - name: r\n    source: {topics: [" +
           topics +
           "]}\n"
           "    destination: {type: tecton, " +
           destination + "}\n";
}
std::string const rest = ", api_key: k, workspace_name: w, stream_source_name: s";

std::string milvus(std::string const& destination, std::string const& topics = "docs") {
    return "kafka: {bootstrap_servers: 'a:1'}\nroutes:\n  - name: r\n    source: {topics: [" +
           topics +
           "]}\n"
           "    destination: {type: milvus, " +
           destination + "}\n";
}

std::string error(std::string const& text) {
    return joined(errors_of(text));
}

std::string url_of(std::string const& text) {
    return http::to_string(good_config(text).routes[0].requests().client.url);
}

TEST_CASE("Tecton's address comes from the instance or a URL") {
    CHECK(url_of(tecton("instance: acme.tecton.ai" + rest)) ==
          "https://preview.acme.tecton.ai/ingest");
    CHECK(url_of(tecton("url: 'http://localhost:8080/v2/ingest'" + rest)) ==
          "http://localhost:8080/v2/ingest");
    CHECK(url_of(tecton("url: 'http://localhost:8080/'" + rest)) == "http://localhost:8080/");
    CHECK(error(tecton("url: 'http://a/ingest', instance: acme" + rest)) ==
          "f:5:67: routes[0].destination.instance: stands beside url: give one of them\n");
    CHECK(error(tecton("dry_run: true" + rest)) ==
          "f:5:18: routes[0].destination: needs instance, such as acme.tecton.ai, or url\n");
    CHECK(error(tecton("url: 'http://localhost:8080'" + rest))
              .find("has no path: Tecton's endpoints end with /ingest") != std::string::npos);
    CHECK(error(tecton("url: 'localhost:8080'" + rest))
              .find("destination.url: the URL must begin with http://") != std::string::npos);
    CHECK(error(tecton("url: 'http://u:secret@h/ingest'" + rest)).find("holds credentials") !=
          std::string::npos);
    CHECK(error(tecton("url: 'http://u:secret@h/ingest'" + rest)).find("secret") ==
          std::string::npos);
    CHECK(error(tecton("instance: 'https://acme.tecton.ai'" + rest))
              .find("without http://; a whole address goes into url") != std::string::npos);
    CHECK(error(tecton("instance: preview.acme.tecton.ai" + rest)).find("without preview.") !=
          std::string::npos);
    CHECK(error(tecton("instance: 'acme.tecton.ai/ingest'" + rest)).find("without port or path") !=
          std::string::npos);
    CHECK(
        error(tecton("instance: " + std::string(300, 'a') + rest)).find("destination.instance: ") !=
        std::string::npos);
}

TEST_CASE("what Tecton needs is required, what Milvus has is refused") {
    CHECK(error(tecton("instance: acme")) ==
          "f:5:18: routes[0].destination.api_key: is required: The service account's API key.\n"
          "f:5:18: routes[0].destination.workspace_name: is required: The Tecton workspace.\n"
          "f:5:18: routes[0].destination.stream_source_name: is required: The stream source: a "
          "name, or where in the record it stands.\n");
    CHECK(error(tecton("instance: acme, token: t" + rest)) ==
          "f:5:56: routes[0].destination.token: is only for destination.type milvus, but this one "
          "is tecton\n");
    CHECK(error(milvus("url: 'http://m', collection: c, api_key: k"))
              .find("is only for destination.type tecton, but this one is milvus") !=
          std::string::npos);
    CHECK(error(milvus("collection: c")) ==
          "f:5:18: routes[0].destination.url: is required: such as http://localhost:19530\n");
    CHECK(error(milvus("url: 'http://m'")).find("destination.collection: is required") !=
          std::string::npos);
}

TEST_CASE("a destination without a good type is told once") {
    auto const text =
        "kafka: {bootstrap_servers: 'a:1'}\nroutes:\n  - name: r\n    source: {topics: [t]}\n    "
        "destination: {type: pinecone, api_key: k, token: t}\n";
    CHECK(error(text) ==
          "f:5:25: routes[0].destination.type: must be tecton or milvus, but is \"pinecone\"\n");
}

TEST_CASE("Tecton's settings are carried over") {
    auto const config =
        good_config(tecton("instance: acme, api_key: key-1, workspace_name: prod, "
                           "stream_source_name: {header: h}, dry_run: true"));
    auto const& settings = std::get<sinks::TectonSettings>(config.routes[0].destination);
    CHECK(settings.api_key() == "key-1");
    CHECK(settings.workspace_name == "prod");
    CHECK(settings.stream_source_name.value == "h");
    CHECK(settings.dry_run);
}

TEST_CASE("Milvus's settings are carried over") {
    auto const config = good_config(
        milvus("url: 'https://m:19530', token: 'root:Milvus', database: d, collection: c, "
               "partition: {field: /p, default: q}, operation: insert, primary_key: id") +
        "    record: {on_tombstone: delete}\n");
    auto const& settings = std::get<sinks::MilvusSettings>(config.routes[0].destination);
    CHECK(settings.token() == "root:Milvus");
    CHECK(settings.database == "d");
    CHECK(settings.collection.value == "c");
    REQUIRE(settings.partition);
    CHECK(settings.partition->default_name == "q");
    CHECK(settings.insert);
    CHECK(settings.primary_key == "id");
    CHECK(settings.requests.on_tombstone == sinks::OnTombstone::delete_row);
    auto const bare = good_config(milvus("url: 'http://m', collection: c"));
    auto const& defaults = std::get<sinks::MilvusSettings>(bare.routes[0].destination);
    CHECK_FALSE(defaults.token);
    CHECK_FALSE(defaults.partition);
    CHECK_FALSE(defaults.insert);
    CHECK(defaults.database == "default");
}

TEST_CASE("only Milvus can delete") {
    CHECK(error(tecton_text("    record: {on_tombstone: delete}\n")) ==
          "f:6:28: routes[0].record.on_tombstone: is delete, which only Milvus can do: skip or "
          "dead_letter are possible here\n");
}

TEST_CASE("names by topic fit the topics") {
    auto const named = [](std::string const& rule, std::string const& topics) {
        return error(tecton(
            "instance: acme, api_key: k, workspace_name: w, stream_source_name: " + rule, topics));
    };
    CHECK(named("{topic: {a: x, b: y}}", "a, b").empty());
    CHECK(named("{topic: {a: x}, default: y}", "a, b").empty());
    CHECK(named("{topic: {abc: x}}", "'^abc?'").empty());
    CHECK(
        named("{topic: {a: x}}", "a, b")
            .find("stream_source_name.topic: has no name for the topic b: add it, or a default") !=
        std::string::npos);
    CHECK(named("{topic: {click: x}, default: y}", "clicks, orders")
              .find("\"click\" is not one of source.topics (did you mean clicks?)") !=
          std::string::npos);
    CHECK(named("{topic: {xyz: x}}", "'^abc'").find("\"xyz\" is not one of source.topics\n") !=
          std::string::npos);
    CHECK(named(std::string(256, 'n'), "a").find("holds a name of more than 255 bytes") !=
          std::string::npos);
    CHECK(named("{header: h, default: " + std::string(256, 'n') + "}", "a")
              .find("more than 255 bytes") != std::string::npos);
    CHECK(named("{topic: {a: " + std::string(256, 'n') + "}}", "a").find("more than 255 bytes") !=
          std::string::npos);
}

TEST_CASE("a secret from a file follows it, one from elsewhere is fixed") {
    FakeEnvironment environment;
    environment.write("/key", "one\n");
    environment.set("KEY", "env");
    auto const config = good_config(
        tecton("instance: acme, api_key: '${file:/key}', workspace_name: w, stream_source_name: s"),
        environment);
    auto const secret = std::get<sinks::TectonSettings>(config.routes[0].destination).api_key;
    CHECK(secret() == "one");
    environment.write("/key", "two\n");
    CHECK(config.routes[0].file_secrets.at(0)->poll([](std::string const&) {}));
    CHECK(secret() == "two");
    environment.write("/key", "three\nX-Evil: yes\n");
    std::string warning;
    CHECK_FALSE(
        config.routes[0].file_secrets[0]->poll([&](std::string const& text) { warning = text; }));
    CHECK(secret() == "two");
    CHECK(warning.find(
              "api_key: its new content must be one line of text without control characters") !=
          std::string::npos);
    auto const fixed = good_config(
        tecton("instance: acme, api_key: '${KEY}', workspace_name: w, stream_source_name: s"),
        environment);
    CHECK(fixed.routes[0].file_secrets.empty());
    CHECK(std::get<sinks::TectonSettings>(fixed.routes[0].destination).api_key() == "env");
}

}  // namespace
}  // namespace headrace::config
