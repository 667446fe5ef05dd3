#include "config/load.hpp"

#include "unit/config/fake_environment.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cctype>

namespace headrace::config {
namespace {

struct Bad {
    std::string text;
    std::vector<std::string> errors;
};

void check_each(std::vector<Bad> const& table) {
    FakeEnvironment environment;
    environment.set("WORD", "word");
    for (auto const& [text, errors] : table) {
        INFO(text);
        CHECK(joined(errors_of(text, environment)) == joined(errors));
    }
}

TEST_CASE("all errors of a file are reported at once, in its order") {
    auto const text = R"(kafka: {bootstrap_server: localhost:9092}
routes:
  - name: clicks
    source: {topics: clicks, order: keys}
    destination: {type: tecton, api_key: "${NO_KEY}", workspace_name: prod, stream_source_name: clicks}
    batch: {batch_size: ten, bytes: 1MB, linger_ms: 50ms}
    retry: {then: drop}
)";
    CHECK(joined(errors_of(text)) ==
          joined({

              "f:1:8: kafka.bootstrap_servers: is required by routes[0].source: brokers as "
              "HOST:PORT, separated by commas",
              "f:1:9: kafka.bootstrap_server: unknown key (did you mean bootstrap_servers?)",
              "f:4:22: routes[0].source.topics: must be a list of names, but is a single value: "
              "write [clicks]",
              "f:4:37: routes[0].source.order: must be key, partition or none, but is \"keys\" "
              "(did you mean key?)",
              "f:5:18: routes[0].destination: needs instance, such as acme.tecton.ai, or url",
              "f:5:42: routes[0].destination.api_key: the environment variable NO_KEY is not set: "
              "set it, or write ${NO_KEY:-default}",
              "f:6:25: routes[0].batch.batch_size: must be a whole number from 1 to 100000, but is "
              "\"ten\"",
              "f:6:37: routes[0].batch.bytes: must be a size from 1KiB to 256MiB, but is \"1MB\" "
              "(did you mean 1MiB?)",
              "f:6:53: routes[0].batch.linger_ms: must be a whole number of milliseconds from 0 to "
              "3600000, but is \"50ms\" (did you mean 50?)",
              "f:7:19: routes[0].retry.then: must be block or dead_letter, but is \"drop\"",
          }));
}

TEST_CASE("structure that does not fit is refused") {
    check_each({
        {"just text\n",
         {"f:1:1: must be a mapping of keys to values, but is a single value",
          "f:1:1: routes: is required: a list with at least one route (- name: …)"}},
        {"kafka: {bootstrap_servers: 'a:1'}\n",
         {"f:1:1: routes: is required: a list with at least one route (- name: …)"}},
        {"kafka: {bootstrap_servers: 'a:1'}\nroutes: []\n",
         {"f:2:9: routes: must be a list with at least one item, but is empty"}},
        {"kafka: {bootstrap_servers: 'a:1'}\nroutes: {name: a}\n",
         {"f:2:9: routes: must be a list (- name: …), but is a mapping"}},
        {tecton_text("    batch: 5\n"),
         {"f:6:12: routes[0].batch: must be a mapping of keys to values, but is a single value"}},
        {tecton_text("    batch: [1]\n"),
         {"f:6:12: routes[0].batch: must be a mapping of keys to values, but is a list"}},
        {tecton_text("    retrys: {}\n"),
         {"f:6:5: routes[0].retrys: unknown key (did you mean retry?)"}},
        {tecton_text("    colour: red\n"),
         {"f:6:5: routes[0].colour: unknown key; known here: name, source, record, destination, "
          "batch, http, retry, rate_limit, dead_letters, limits"}},
        {tecton_text("    name: again\n"),
         {"f:6:5: routes[0].name: is given twice; the first is on line 3"}},
        {tecton_text("    \"a\\nb\": 1\n"),
         {"f:6:5: routes[0].\"a?b\": unknown key; known here: name, source, record, destination, "
          "batch, http, retry, rate_limit, dead_letters, limits"}},
        {"routes:\n  - 5\nkafka: {bootstrap_servers: 'a:1'}\n",
         {"f:2:5: routes[0]: must be a mapping of keys to values, but is a single value",
          "f:2:5: routes[0].name: is required: The route's name in metrics, logs and the default "
          "group: letters, digits, '.', '_' and '-', at most 64.",
          "f:2:5: routes[0].source.topics: is required: Topic names, or one regular expression "
          "(POSIX extended) that begins with ^.",
          "f:2:5: routes[0].destination.type: is required: What the records are written to."}},
    });
}

TEST_CASE("a key that no route has is unknown, whatever the destination") {
    CHECK(errors_of(milvus_text("    source2: 1\n")).size() == 1);
}

TEST_CASE("a section without a value is an empty section") {
    auto const config =
        good_config(tecton_text("    batch:\n    http:\n    dead_letters:\nlog:\n"));
    CHECK(config.routes[0].flow.batch.batch_size == 10);
    CHECK_FALSE(config.routes[0].dead_letters);
}

TEST_CASE("aliases serve several routes") {
    auto const config = good_config(
        tecton_text("    retry: &r {max_retries: 9}\n"
                    "  - name: b\n    source: {topics: [t]}\n    retry: *r\n"
                    "    destination: {type: milvus, url: 'http://m', collection: c}\n"));
    CHECK(config.routes[0].flow.retry.max_retries == 9);
    CHECK(config.routes[1].flow.retry.max_retries == 9);
}

TEST_CASE("what comes from outside never adds structure") {
    FakeEnvironment environment;
    environment.set("EVIL", "x, batch: {batch_size: 7}\n    batch: {batch_size: 7}");
    auto const errors = errors_of(
        "kafka: {bootstrap_servers: 'a:1'}\nroutes:\n  - name: \"${EVIL}\"\n    source: {topics: "
        "[t]}\n"
        "    destination: {type: milvus, url: 'http://m', collection: c}\n",
        environment);
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].find("routes[0].name: must be one line of text") != std::string::npos);
}

TEST_CASE("an error never shows what a reference stands for") {
    FakeEnvironment environment;
    environment.set("SECRET", "hunter2 &");
    environment.set("PATTERN", "^hunter2(");
    auto const text = R"(kafka:
  bootstrap_servers: ${SECRET}
  properties: {security.protocol: "${SECRET}"}
admin: {listen: "${SECRET}"}
routes:
  - name: ${SECRET}
    source: {topics: ["${PATTERN}"], start: "${SECRET}"}
    destination: {type: "${SECRET}"}
    http: {headers: {X: "${SECRET}"}}
    dead_letters: {topic: "${SECRET}"}
  - name: a
    source: {topics: ["${SECRET}", "${SECRET}"]}
    destination: {type: tecton, instance: "${SECRET}", api_key: "${SECRET}", workspace_name: w,
                  stream_source_name: {field: "${SECRET}"}}
    http: {proxy: "${SECRET}"}
)";
    auto const errors = joined(errors_of(text, environment));
    INFO(errors);
    CHECK(errors.find("hunter2") == std::string::npos);
    CHECK(errors.find("kafka.bootstrap_servers: must be HOST:PORT, several separated by commas, "
                      "but is what its reference stands for") != std::string::npos);
    CHECK(errors.find("kafka.properties.security.protocol: ") != std::string::npos);
    CHECK(errors.find("routes[0].source.topics: … is not a regular expression") !=
          std::string::npos);
    CHECK(errors.find(
              "routes[1].source.topics: names the topic what its reference stands for twice") !=
          std::string::npos);
}

TEST_CASE("a file is read from disk, and one that cannot be says why") {
    auto const loaded = load_file("/nonexistent/headrace.yaml", Environment::system());
    auto const* const diagnostics = std::get_if<std::vector<Diagnostic>>(&loaded);
    REQUIRE(diagnostics != nullptr);
    REQUIRE(diagnostics->size() == 1);
    CHECK(diagnostics->front().text() ==
          "/nonexistent/headrace.yaml:1:1: the configuration cannot be read: No such file or "
          "directory");
    auto const good = load_file(std::string(HEADRACE_SOURCE_DIR) + "/config/milvus-quickstart.yaml",
                                Environment::system());
    CHECK(std::holds_alternative<Config>(good));
}

TEST_CASE("more routes than can run are refused") {
    std::string text = "kafka: {bootstrap_servers: 'a:1'}\nroutes:\n";
    for (std::size_t i = 0; i <= routes_max; ++i)
        text += "  - {}\n";
    bool is_told = false;
    for (auto const& error : errors_of(text))
        is_told = is_told ||
                  error.find("routes: has 257 items; at most 256 are allowed") != std::string::npos;
    CHECK(is_told);
}

TEST_CASE("references cannot fill the memory") {
    FakeEnvironment environment;
    environment.set("BIG", std::string(200'000, 'x'));
    std::string text = "kafka:\n  properties:\n";
    for (int i = 0; i < 60; ++i)
        text += "    k" + std::to_string(i) + ": ${BIG}\n";
    CHECK(joined(errors_of(text, environment))
              .find("brings what comes from references to more than 8388608 bytes") !=
          std::string::npos);
}

TEST_CASE("a file cut or damaged anywhere is read, or refused with a place in the file") {
    auto const good = tecton_text("    batch: {batch_size: 5}\n    http: {headers: {a: b}}\n");
    for (std::size_t length = 0; length < good.size(); ++length) {
        auto damaged = good;
        damaged[length] = static_cast<char>(damaged[length] ^ 0x15);
        auto errors = errors_of(damaged);
        auto const cut = errors_of(std::string_view(good).substr(0, length));
        errors.insert(errors.end(), cut.begin(), cut.end());
        for (auto const& error : errors) {
            auto const file_end = error.find(':');
            REQUIRE(file_end != std::string::npos);
            CHECK(std::isdigit(static_cast<unsigned char>(error[file_end + 1])) != 0);
        }
    }
    CHECK_FALSE(errors_of("").empty());
    CHECK(errors_of(good).empty());
}

}  // namespace
}  // namespace headrace::config
