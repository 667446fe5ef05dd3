#include "config/value_reader.hpp"

#include "unit/config/fake_environment.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::config {
namespace {

struct Read {
    std::optional<Value> value;
    std::string error;  ///< Without file and path.
};

Read read(std::string_view key, std::string const& yaml) {
    FakeEnvironment environment;
    environment.set("N", "7");
    environment.set("SECRET", "hunter2");
    environment.set("EMPTY", "");
    environment.set("BELL", "\a");
    environment.write("/f", "from-file\n");
    DiagnosticList diagnostics("f");
    auto const root = parse_document("k: " + yaml + "\n", diagnostics);
    REQUIRE(root);
    auto const env = environment.get();
    auto value = ValueReader(env, diagnostics).read(*find_key(key), root->entries[0].value, "k");
    std::string error;
    for (auto const& diagnostic : diagnostics.take())
        error += (error.empty() ? "" : " | ") + diagnostic.path + ": " + diagnostic.message;
    CHECK((value.has_value() || !error.empty()));
    return {std::move(value), error};
}

std::string error(std::string_view key, std::string const& yaml) {
    return read(key, yaml).error;
}

constexpr auto text_key = "routes[].destination.workspace_name";
constexpr auto count_key = "routes[].batch.batch_size";

TEST_CASE("text is one line, quoted when it looks like a number") {
    CHECK(read(text_key, "prod").value->text.value == "prod");
    CHECK(read(text_key, "'2026'").value->text.value == "2026");
    CHECK(read(text_key, "${N}").value->text.value == "7");
    CHECK(read(text_key, "\"${file:/f}\"").value->text.value == "from-file");
    CHECK(error(text_key, "2026") ==
          "k: must be text, but is a number or a boolean: put it in quotes");
    CHECK(error(text_key, "true") ==
          "k: must be text, but is a number or a boolean: put it in quotes");
    CHECK(error(text_key, "''") == "k: must be text, but is empty");
    CHECK(error(text_key, "${EMPTY}") == "k: must be text, but is empty");
    CHECK(error(text_key, "\"a\\nb\"") ==
          "k: must be one line of text, but holds a control character or bytes that are not UTF-8");
    CHECK(error(text_key, "${BELL}") ==
          "k: must be one line of text, but holds a control character or bytes that are not UTF-8");
    CHECK(error(text_key, "") == "k: must be text, but has no value");
    CHECK(error(text_key, "[a]") == "k: must be text, but is a list");
    CHECK(error(text_key, "{a: b}") == "k: must be text, but is a mapping");
}

TEST_CASE("numbers have their range, and quotes only by reference") {
    CHECK(read(count_key, "10").value->number == 10);
    CHECK(read(count_key, "\"${N}\"").value->number == 7);
    CHECK(error(count_key, "0") == "k: must be a whole number from 1 to 100000, but is \"0\"");
    CHECK(error(count_key, "-3") == "k: must be a whole number from 1 to 100000, but is \"-3\"");
    CHECK(error(count_key, "1.5") == "k: must be a whole number from 1 to 100000, but is \"1.5\"");
    CHECK(error(count_key, "'10'") ==
          "k: must be a whole number from 1 to 100000, but is \"10\": take the quotes away");
    CHECK(error(count_key, "[10]") == "k: must be a whole number from 1 to 100000, but is a list");
    CHECK(read("routes[].http.timeout_secs", "30.5").value->number == 30.5);
    CHECK(error("routes[].http.timeout_secs", "30s") ==
          "k: must be a number of seconds from 0.01 to 3600, but is \"30s\" (did you mean 30?)");
    CHECK(read("limits.memory", "64MiB").value->number == 67108864);
    CHECK(read("limits.memory", "'64 MiB'").value->number == 67108864);
    CHECK(error("limits.memory", "1MiB") ==
          "k: must be a size from 2MiB to 1024GiB, but is \"1MiB\"");
    CHECK_FALSE(read("limits.workers", "auto").value->number);
    CHECK(read("limits.workers", "2").value->number == 2);
    CHECK(error("limits.workers", "all") ==
          "k: must be auto or a whole number from 1 to 64, but is \"all\"");
}

TEST_CASE("a value from outside is never shown in an error") {
    CHECK(error(count_key, "${SECRET}") ==
          "k: must be a whole number from 1 to 100000, but is what \"${SECRET}\" stands for");
    CHECK(error("log.level", "${SECRET}") ==
          "k: must be debug, info, warn or error, but is what \"${SECRET}\" stands for");
    CHECK(error("routes[].http.tls.verify", "${SECRET}") ==
          "k: must be true or false, but is what \"${SECRET}\" stands for");
}

TEST_CASE("booleans and choices take their words only") {
    CHECK(read("routes[].http.tls.verify", "true").value->flag);
    CHECK_FALSE(read("routes[].http.tls.verify", "False").value->flag);
    CHECK(error("routes[].http.tls.verify", "no") == "k: must be true or false, but is \"no\"");
    CHECK(error("routes[].http.tls.verify", "'true'") ==
          "k: must be true or false, but is \"true\"");
    CHECK(read("log.level", "warn").value->text.value == "warn");
    CHECK(error("log.level", "warning") ==
          "k: must be debug, info, warn or error, but is \"warning\" (did you mean warn?)");
    CHECK(error("log.level", "~") == "k: must be debug, info, warn or error, but has no value");
}

TEST_CASE("a list of names holds names") {
    auto const names = read("routes[].source.topics", "[a, '1', \"${SECRET}\"]").value->names;
    REQUIRE(names.size() == 3);
    CHECK(names[2].value == "hunter2");
    CHECK(error("routes[].source.topics", "[]") == "k: must be a list of names, but is empty");
    CHECK(error("routes[].source.topics", "a") ==
          "k: must be a list of names, but is a single value: write [a]");
    CHECK(error("routes[].source.topics", "{a: b}") ==
          "k: must be a list of names, but is a mapping");
    CHECK(error("routes[].source.topics", "[a, 1, ~]") ==
          "k[1]: must be a name, but is a number or a boolean: put it in quotes | k[2]: must be a "
          "name, but has no value");
}

TEST_CASE("a table holds texts, numbers and booleans by name") {
    auto const table =
        read("kafka.properties", "{a: 1, b: true, c: '', d: x, e: \"l1\\nl2\"}").value->table;
    REQUIRE(table.size() == 5);
    CHECK(table[0].second.value == "1");
    CHECK(table[2].second.value.empty());
    CHECK(table[4].second.value == "l1\nl2");
    CHECK(read("kafka.properties", "").value->table.empty());
    CHECK(error("kafka.properties", "[a]") ==
          "k: must be a mapping of names to values, but is a list");
    CHECK(error("kafka.properties", "{a: ~, b: [1]}") ==
          "k.a: must be text, a number or a boolean, but has no value | k.b: must be text, a "
          "number or a boolean, but is a list");
    CHECK(error("kafka.properties", "{a: 1, a: 2}").empty() == false);
    CHECK(error("kafka.properties", "{'': 1}") ==
          "k.\"\": must have a name without control characters");
    CHECK(error("kafka.properties", "{\"a\\0\": 1}") ==
          "k.\"a?\": must have a name without control characters");
    CHECK(error("kafka.properties", "{a: \"\\0\"}") ==
          "k.a: holds a control character or bytes that are not UTF-8");
}

TEST_CASE("a name rule is a name or says where it stands") {
    using From = sinks::NameRule::From;
    auto const key = "routes[].destination.collection";
    CHECK(read(key, "docs").value->rule.value == "docs");
    auto const by_topic = read(key, "{topic: {a: x, b: y}, default: z}").value->rule;
    CHECK(by_topic.from == From::topic);
    CHECK(by_topic.by_topic.at("b") == "y");
    CHECK(by_topic.default_name == "z");
    auto const header = read(key, "{header: h}").value->rule;
    CHECK(header.from == From::header);
    CHECK(header.value == "h");
    CHECK_FALSE(header.default_name);
    CHECK(read(key, "{field: /a/b~1c~0}").value->rule.from == From::field);
    CHECK(error(key, "{field: a}") ==
          "k.field: must be a JSON pointer such as /user/plan, but is \"a\"");
    CHECK(error(key, "{field: /a~2}") ==
          "k.field: must be a JSON pointer such as /user/plan, but is \"/a~2\"");
    CHECK(error(key, "{field: /a~}") ==
          "k.field: must be a JSON pointer such as /user/plan, but is \"/a~\"");
    CHECK(error(key, "{header: h, field: /a}") ==
          "k: must hold exactly one of topic, header and field, but holds 2");
    CHECK(error(key, "{default: d}") ==
          "k: must hold exactly one of topic, header and field, but holds 0");
    CHECK(error(key, "{headers: h}") == "k.headers: unknown key (did you mean header?)");
    CHECK(header.on_unknown == sinks::OnUnknown::block);
    CHECK(read(key, "{header: h, on_unknown: dead_letter}").value->rule.on_unknown ==
          sinks::OnUnknown::dead_letter);
    CHECK(error(key, "{header: h, on_unknown: drop}") ==
          "k.on_unknown: must be block or dead_letter, but is \"drop\"");
    CHECK(error(key, "{on_unknown: block}") ==
          "k: must hold exactly one of topic, header and field, but holds 0");
    CHECK(error(key, "{topic: []}") ==
          "k.topic: must be a mapping of topics to names, such as {clicks: click_source}");
    CHECK(error(key, "{topic: {a: 1}}") ==
          "k.topic.a: must be a name, but is a number or a boolean: put it in quotes");
    CHECK(error(key, "{header: ~}") == "k.header: must be a name, but has no value");
    CHECK(error(key, "[a]") ==
          "k: must be a name, or a mapping with topic, header or field, but is a list");
}

}  // namespace
}  // namespace headrace::config
