#include "base/json_grammar.hpp"

#include "base/json.hpp"
#include "base/random.hpp"

#include <catch2/catch_test_macros.hpp>
#include <simdjson.h>

#include <array>
#include <string>

namespace headrace {
namespace {

/// What simdjson says, and whether a refusal may be one of opinion: a number's magnitude or a lone
/// surrogate.
struct FastWord {
    bool accepts = false;
    bool may_be_opinion = false;
};

FastWord ask_simdjson(simdjson::dom::parser& parser, std::string const& text) {
    simdjson::dom::element root;
    auto const code = parser.parse(simdjson::padded_string(text)).get(root);
    if (code == simdjson::SUCCESS) return {.accepts = root.is_object()};
    return {.may_be_opinion = code != simdjson::UTF8_ERROR && code != simdjson::UNCLOSED_STRING &&
                              code != simdjson::UNESCAPED_CHARS};
}

/// Whether there is anything in the text that simdjson has opinions about: a `\u` escape or an
/// exponent.
bool is_doubtful(std::string_view text) {
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == 'u' && text[i - 1] == '\\') return true;
        bool const after_digit = text[i - 1] >= '0' && text[i - 1] <= '9';
        if (after_digit && (text[i] == 'e' || text[i] == 'E')) return true;
    }
    return false;
}

std::string random_value(Random& random, int depth) {
    static constexpr std::array<std::string_view, 20> scalars{"0",
                                                              "-0",
                                                              "1.5",
                                                              "-12e3",
                                                              "true",
                                                              "false",
                                                              "null",
                                                              R"("a")",
                                                              R"("\n\"")",
                                                              R"("\u00e4")",
                                                              R"("\ud83d\ude00")",
                                                              "\"\xC3\xA4\"",
                                                              "\"\xF0\x9F\x98\x80\"",
                                                              "123456789012",
                                                              "0.0000001",
                                                              "1E+2",
                                                              R"("")",
                                                              R"("\\")",
                                                              R"("/\/")",
                                                              "9007199254740993"};
    std::uint64_t const kind = random.next() % (depth > 4 ? 6 : 10);
    if (kind < 6) return std::string(scalars[random.next() % scalars.size()]);
    std::string text = kind < 8 ? "[" : "{";
    std::uint64_t const count = random.next() % 4;
    for (std::uint64_t i = 0; i < count; ++i) {
        if (i != 0) text += random.next() % 2 == 0 ? "," : " ,\n";
        if (kind >= 8) text += "\"k" + std::to_string(random.next() % 5) + "\" :\t";
        text += random_value(random, depth + 1);
    }
    return text + (kind < 8 ? "]" : "}");
}

void mutate(std::string& text, Random& random) {
    static constexpr std::string_view spice = "{}[]\",:\\ue0-+.E1 \t\n\x01\x7F\x80\xC3\xED\xA0tfn/";
    std::uint64_t const changes = random.next() % 4;
    for (std::uint64_t i = 0; i < changes && !text.empty(); ++i) {
        std::size_t const at = random.next() % text.size();
        char const c = spice[random.next() % spice.size()];
        switch (random.next() % 4) {
            case 0:
                text[at] = c;
                break;
            case 1:
                text.insert(at, 1, c);
                break;
            case 2:
                text.erase(at, 1 + random.next() % 3);
                break;
            default:
                text.resize(at);
        }
    }
}

TEST_CASE(
    "the slow judge and simdjson agree on mutated texts, but for magnitudes and lone surrogates") {
    Random random(20261121);
    simdjson::dom::parser parser;
    int accepted = 0;
    int refused = 0;
    for (int i = 0; i < 60'000; ++i) {
        std::string text = "{\"v\":" + random_value(random, 0) + "}";
        mutate(text, random);
        FastWord const fast = ask_simdjson(parser, text);
        bool const slow = !find_json_fault(text);
        (slow ? accepted : refused) += 1;
        bool const agrees =
            fast.accepts == slow || (slow && fast.may_be_opinion && is_doubtful(text));
        if (!agrees)
            FAIL("round " << i << ", fast " << fast.accepts << ", slow " << slow << ": " << text);
    }
    CHECK(accepted > 10'000);
    CHECK(refused > 10'000);
}

struct Row {
    std::string_view text;
    std::string_view what;
    std::size_t at;
};

TEST_CASE("each fault is named with its byte") {
    using namespace std::string_view_literals;
    static constexpr std::array rows{
        Row{"", "it is empty", 0},
        Row{" \t\r\n", "it is empty", 4},
        Row{"\xEF\xBB\xBF{}", "it begins with a byte order mark", 0},
        Row{"[]", "it is not an object", 0},
        Row{"null", "it is not an object", 0},
        Row{"\0{}"sv, "it is not an object", 0},
        Row{"{}\0"sv, "something follows the object", 2},
        Row{"{} {}", "something follows the object", 3},
        Row{"{}}", "something follows the object", 2},
        Row{"{", "it ends too early", 1},
        Row{R"({"a")", "a colon is missing after a key", 4},
        Row{R"({"a" 1})", "a colon is missing after a key", 5},
        Row{R"({"a":)", "it ends too early", 5},
        Row{R"({"a":1)", "it ends too early", 6},
        Row{R"({"a":1,})", "a key in quotes is missing", 7},
        Row{R"({a:1})", "a key in quotes is missing", 1},
        Row{R"({,})", "a key in quotes is missing", 1},
        Row{R"({"a":[1,]})", "a value is missing or misspelt", 8},
        Row{R"({"a":})", "a value is missing or misspelt", 5},
        Row{R"({"a":tru})", "a value is missing or misspelt", 5},
        Row{R"({"a":NaN})", "a value is missing or misspelt", 5},
        Row{R"({"a":+1})", "a value is missing or misspelt", 5},
        Row{R"({"a":.5})", "a value is missing or misspelt", 5},
        Row{R"({"a":truex})", "a comma or a closing bracket is missing", 9},
        Row{R"({"a":[1}})", "a comma or a closing bracket is missing", 7},
        Row{R"({"a":1]})", "a comma or a closing bracket is missing", 6},
        Row{R"({"a":-})", "a number is malformed", 6},
        Row{R"({"a":1.})", "a number is malformed", 7},
        Row{R"({"a":1e+})", "a number is malformed", 8},
        Row{R"({"a":1e)", "a number is malformed", 7},
        Row{R"({"a":012})", "a number begins with a zero", 8},
        Row{R"({"a":"x)", "a string has no end", 7},
        Row{R"({"a":"\)", "a string has no end", 7},
        Row{R"({"a":"\x"})", "a string holds an unknown escape", 8},
        Row{R"({"a":"\u12g4"})", "a string holds a malformed \\u escape", 10},
        Row{R"({"a":"\u1)", "a string holds a malformed \\u escape", 9},
        Row{"{\"a\":\"\n\"}", "a string holds a control character", 6},
        Row{"{\"a\":\"\0\"}"sv, "a string holds a control character", 6},
        Row{"{\"a\":\"\xC3\"}", "a string is not UTF-8", 6},
        Row{"{\"\xFF\":1}", "a string is not UTF-8", 2},
    };
    for (Row const& row : rows) {
        INFO(row.text);
        auto const fault = find_json_fault(row.text);
        REQUIRE(fault);
        CHECK(fault->what == row.what);
        CHECK(fault->at == row.at);
    }
}

TEST_CASE("the judge allows exactly json_depth_max levels") {
    auto const nested = [](std::size_t depth) {
        return R"({"a":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
    };
    CHECK_FALSE(find_json_fault(nested(json_depth_max)));
    auto const fault = find_json_fault(nested(json_depth_max + 1));
    REQUIRE(fault);
    CHECK(fault->what == "it is nested more than 1024 deep");
    CHECK(fault->at == 5 + json_depth_max - 1);
}

TEST_CASE("every control character in a string is refused, and nothing else below 0x80") {
    for (int c = 0; c < 0x80; ++c) {
        if (c == '"' || c == '\\') continue;
        std::string const text = "{\"a\":\"" + std::string(1, static_cast<char>(c)) + "\"}";
        CHECK(find_json_fault(text).has_value() == (c < 0x20));
    }
}

}  // namespace
}  // namespace headrace
