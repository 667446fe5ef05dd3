#include "config/yaml_writer.hpp"

#include "config/document.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::config {
namespace {

TEST_CASE("text is quoted where YAML would take it for something else") {
    CHECK(yaml_text("clicks") == "clicks");
    CHECK(yaml_text("/etc/key.pem") == "/etc/key.pem");
    for (auto const* const text : {"", "true", "No", "NULL", "n", "1", "-x", "a b", "a:b", "#a",
                                   "***", "a\"b\\c", "é", "a\nb\tc", "'", "{", "~"}) {
        INFO(text);
        auto const written = yaml_text(text);
        CHECK(written.front() == '"');
        DiagnosticList diagnostics("f");
        auto const root = parse_document("a: " + written + "\n", diagnostics);
        REQUIRE(root);
        CHECK(root->entries[0].value.text == text);
    }
    CHECK(yaml_text("a${B}") == "\"a$${B}\"");
}

TEST_CASE("mappings, lists and durations are written as blocks") {
    YamlWriter yaml;
    yaml.open("limits");
    yaml.seconds("drain_secs", std::chrono::milliseconds(2500));
    yaml.milliseconds("linger_ms", std::chrono::milliseconds(50));
    yaml.close();
    yaml.open("routes");
    yaml.open_item();
    yaml.text("name", "a");
    yaml.open("topics");
    yaml.item("t");
    yaml.close();
    yaml.close();
    yaml.open_item();
    yaml.flag("verify", false);
    yaml.number("count", 7);
    yaml.close();
    yaml.close();
    CHECK(yaml.take() ==
          "limits:\n  drain_secs: 2.5\n  linger_ms: 50\nroutes:\n  - name: a\n    topics:\n      - "
          "t\n  - verify: false\n    count: 7\n");
}

}  // namespace
}  // namespace headrace::config
