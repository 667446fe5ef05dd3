#include "config/document.hpp"

#include "base/json.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::config {
namespace {

struct Parsed {
    std::optional<Node> root;
    std::vector<Diagnostic> diagnostics;
};

Parsed parse(std::string_view text) {
    DiagnosticList list("f");
    auto root = parse_document(text, list);
    return {std::move(root), list.take()};
}

std::string only_error(std::string_view text) {
    auto const parsed = parse(text);
    CHECK_FALSE(parsed.root);
    REQUIRE(parsed.diagnostics.size() == 1);
    return parsed.diagnostics.front().text();
}

TEST_CASE("a document becomes nodes with their places") {
    auto const parsed = parse("a: 1\nb: ['x', \"y\", ~]\nc:\n  d: |\n    text\n  e: 2\n");
    REQUIRE(parsed.root);
    auto const& entries = parsed.root->entries;
    REQUIRE(entries.size() == 3);
    CHECK(entries[0].key == "a");
    CHECK(entries[0].value.kind == Node::Kind::plain);
    CHECK(entries[0].value.at.line == 1);
    CHECK(entries[0].value.at.column == 4);
    REQUIRE(entries[1].value.items.size() == 3);
    CHECK(entries[1].value.items[0].kind == Node::Kind::quoted);
    CHECK(entries[1].value.items[2].kind == Node::Kind::null);
    CHECK(entries[2].value.entries[0].value.text == "text\n");
    CHECK(entries[2].key_at.line == 3);
    CHECK(entries[2].value.entries[0].key_at.column == 3);
}

TEST_CASE("repeated keys are kept, so that they can be reported") {
    auto const parsed = parse("a: 1\na: 2\n");
    REQUIRE(parsed.root);
    CHECK(parsed.root->entries.size() == 2);
}

TEST_CASE("an alias is a copy of its anchor at its own place") {
    auto const parsed = parse("a: &x {k: v}\nb: *x\nc: &s word\nd: *s\n");
    REQUIRE(parsed.root);
    CHECK(parsed.root->entries[1].value.entries[0].value.text == "v");
    CHECK(parsed.root->entries[1].value.at.line == 2);
    CHECK(parsed.root->entries[3].value.text == "word");
}

TEST_CASE("what YAML can do and configurations need not is refused") {
    CHECK(only_error("a: 1\n---\nb: 2\n") ==
          "f:2:1: a second document (---) begins here: one file holds one configuration");
    CHECK(only_error("a: &x {k: v}\nb:\n  <<: *x\n")
              .starts_with("f:3:3: merge keys (<<) are not supported"));
    CHECK(only_error("a: !!int 5\n") ==
          "f:1:4: YAML tags (!…) are not supported: write the plain value");
    CHECK(only_error("a: !thing {b: 1}\n").find("tags") != std::string::npos);
    CHECK(only_error("? [a]\n: b\n").find("a key must be a single word") != std::string::npos);
    CHECK(only_error("a: &x [*x]\n").find("inside its own anchor") != std::string::npos);
}

TEST_CASE("comments and blank lines may end a file") {
    CHECK(parse("a: 1\n\n  \n").root);
    CHECK(parse("a: 1\n# the end").root);
    CHECK(parse("---\na: 1\n...\n").root);
}

TEST_CASE("a quoted merge key is an ordinary key") {
    CHECK(parse("'<<': 1\n").root);
}

TEST_CASE("syntax errors have a line and a column") {
    CHECK(only_error("a: 1\nb: [1, 2\n").starts_with("f:"));
    CHECK(only_error("a: 1\n b: 2\n").starts_with("f:2:"));
    CHECK(only_error("a: 'x\n") == "f:1:6: YAML syntax: illegal EOF in scalar");
    CHECK(only_error("a: \"x\nb: 1\n\n").find("illegal EOF in scalar") != std::string::npos);
    CHECK(only_error("a: {b: 1\n").find("YAML syntax: ") != std::string::npos);
    CHECK(only_error("- 1\nb: 2\n").starts_with("f:2:1: "));
    CHECK(only_error("a: *nowhere\n").starts_with("f:1:4: YAML syntax: "));
    CHECK(only_error("a: {b: ${C}}\n").find("put ${…} in quotes") != std::string::npos);
    CHECK(only_error("x: 1\na: {b: ${C}}\n").find("put ${…} in quotes") != std::string::npos);
}

TEST_CASE("an empty file says what is needed") {
    CHECK(only_error("") == "f:1:1: the file is empty: at least kafka and routes are needed");
    CHECK(only_error("# only a comment\n").find("empty") != std::string::npos);
}

TEST_CASE("bytes that are not text are refused where they stand") {
    CHECK(only_error(std::string_view("a: 1\nb: \0\n", 10)) ==
          "f:2:4: the file is not text: a control character stands here");
    CHECK(only_error("a: \xff\xfe\n") == "f:1:4: the file is not text: a byte here is not UTF-8");
    CHECK(only_error("a: \x7f\n").find("control character") != std::string::npos);
    CHECK(parse("\xef\xbb\xbf"
                "a: é\r\n")
              .root);
}

TEST_CASE("an escape that is no escape is told in whole characters") {
    auto const error = only_error("a: \"\\é\"\n");
    CHECK(error.starts_with("f:1:"));
    CHECK(is_utf8(error));
}

TEST_CASE("hostile files meet a limit") {
    CHECK(only_error(std::string(file_bytes_max + 1, ' ')) ==
          "f:1:1: the file is larger than 1048576 bytes");
    CHECK(only_error(std::string(100'000, '[')).find("nest deeper than 32 levels") !=
          std::string::npos);
    CHECK(only_error(std::string(100'000, '{')).find("nest deeper than 32") != std::string::npos);
    std::string blocks;
    for (std::size_t i = 0; i < 40; ++i)
        blocks += std::string(i, ' ') + "a:\n";
    CHECK(only_error(blocks).find("nest deeper than 32") != std::string::npos);
    std::string dashes;
    for (std::size_t i = 0; i < 1000; ++i)
        dashes += "- ";
    CHECK(only_error(dashes).find("nest deeper than 32") != std::string::npos);
}

TEST_CASE("an alias bomb is refused before it is built") {
    std::string bomb = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n";
    for (int i = 1; i < 20; ++i) {
        auto const before = "*a" + std::to_string(i - 1);
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int k = 0; k < 9; ++k)
            bomb += before + (k < 8 ? ", " : "");
        bomb += "]\n";
    }
    CHECK(only_error(bomb).find("comes to more than 8388608 bytes") != std::string::npos);
    std::string long_text = "a: &a " + std::string(500'000, 'x') + "\nb: [";
    for (int i = 0; i < 1000; ++i)
        long_text += "*a, ";
    CHECK(only_error(long_text + "]\n").find("too many values") != std::string::npos);
}

}  // namespace
}  // namespace headrace::config
