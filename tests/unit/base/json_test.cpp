#include "base/json.hpp"

#include "base/random.hpp"

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <optional>
#include <string>

namespace headrace {
namespace {

using namespace std::string_view_literals;

std::string nested(std::size_t depth) {
    // The object itself is one level.
    return R"({"a":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
}

TEST_CASE("objects of every kind of value are accepted") {
    JsonValidator validator;
    for (std::string_view const text :
         {"{}"sv, " \t\r\n{ } \n"sv, R"({"a":1,"a":2})"sv,
          R"({"":[[],{},"",0,-0.5e-7,true,false,null]})"sv, R"({"a":"\"\\\/\b\f\n\r\t\u0000"})"sv,
          "{\"\xF0\x9F\x98\x80\":\"\x7F\"}"sv}) {
        INFO(text);
        CHECK(validator.check_object(text));
    }
}

TEST_CASE("numbers of any magnitude are accepted") {
    JsonValidator validator;
    CHECK(validator.check_object(R"({"a":1234567890123456789012345678901234567890})"));
    CHECK(validator.check_object(R"({"a":1e400,"b":-1e400,"c":1e-400})"));
    CHECK(validator.check_object(R"({"a":18446744073709551616})"));
    CHECK(validator.check_object(R"({"a":)" + std::string(5000, '9') + "}"));
}

TEST_CASE("a lone surrogate is accepted because the grammar allows it") {
    JsonValidator validator;
    CHECK(validator.check_object(R"({"a":"\ud800"})"));
    CHECK(validator.check_object(R"({"a":"\udc00\ud800x"})"));
    CHECK_FALSE(validator.check_object("{\"a\":\"\xED\xA0\x80\"}"));
}

TEST_CASE("a refusal names the fault and its byte and quotes nothing of the payload") {
    JsonValidator validator;
    auto const result = validator.check_object(R"({"secret":"hunter2",})");
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::invalid_record);
    CHECK(result.error().message ==
          "the value is not one JSON object: a key in quotes is missing (byte 20 of 21)");
}

TEST_CASE("a byte order mark, zero bytes and a second text are refused") {
    JsonValidator validator;
    for (std::string_view const text : {"\xEF\xBB\xBF{}"sv, "{}\0"sv, "\0{}"sv, "{}{}"sv, "{},"sv,
                                        "[{}]"sv, "\"{}\""sv, ""sv, " "sv}) {
        CHECK_FALSE(validator.check_object(text));
    }
}

TEST_CASE("nesting is accepted up to the limit and the error beyond it says so") {
    JsonValidator validator;
    CHECK(validator.check_object(nested(1000)));
    CHECK(validator.check_object(nested(json_depth_max)));
    auto const result = validator.check_object(nested(json_depth_max + 1));
    REQUIRE_FALSE(result);
    CHECK(result.error().message.find("nested more than 1024 deep") != std::string::npos);
    CHECK_FALSE(validator.check_object(R"({"a":)" + std::string(200'000, '[')));
}

TEST_CASE("texts around and beyond the fast path's limit get the same answer") {
    JsonValidator validator;
    for (std::size_t const size :
         {std::size_t{4096}, std::size_t{131'072}, std::size_t{131'073}, std::size_t{1'000'000}}) {
        std::string const filler(size - 8, 'x');
        std::string const good = R"({"a":")" + filler + R"("})";
        REQUIRE(good.size() == size);
        CHECK(validator.check_object(good));
        CHECK_FALSE(validator.check_object(good + "x"));
        CHECK_FALSE(validator.check_object(std::string_view(good).substr(0, size - 1)));
    }
}

TEST_CASE("a validator can be moved and goes on") {
    JsonValidator first;
    CHECK(first.check_object("{}"));
    JsonValidator second = std::move(first);
    CHECK(second.check_object("{}"));
}

TEST_CASE("a pointer finds the raw bytes of a value") {
    constexpr std::string_view text =
        R"( {"a":{"b":[10, {"c":"x\"y"} ,[]]},"n":1.50e+2,"":{"":true}, "t~/":7} )";
    CHECK(find_raw(text, "") == text.substr(1, text.size() - 2));
    CHECK(find_raw(text, "/a/b/0") == "10");
    CHECK(find_raw(text, "/a/b/1") == R"({"c":"x\"y"})");
    CHECK(find_raw(text, "/a/b/1/c") == R"("x\"y")");
    CHECK(find_raw(text, "/a/b/2") == "[]");
    CHECK(find_raw(text, "/n") == "1.50e+2");
    CHECK(find_raw(text, "/") == R"({"":true})");
    CHECK(find_raw(text, "//") == "true");
    CHECK(find_raw(text, "/t~0~1") == "7");
}

TEST_CASE("a pointer to what is not there finds nothing") {
    constexpr std::string_view text = R"({"a":[1,2],"s":"x"})";
    for (std::string_view const pointer :
         {"a", "/b", "/a/2", "/a/-", "/a/00", "/a/x", "/a/", "/a/9999999999", "/s/0", "/a~", "/a~2",
          "/a/0/0", "/a/0/"}) {
        INFO(pointer);
        CHECK_FALSE(find_raw(text, pointer));
    }
}

TEST_CASE("of equal keys the last one counts") {
    CHECK(find_raw(R"({"a":1,"b":2,"a":3})", "/a") == "3");
    CHECK(find_raw(R"({"a":{"x":1},"a":{"y":2}})", "/a/y") == "2");
    CHECK_FALSE(find_raw(R"({"a":{"x":1},"a":{"y":2}})", "/a/x"));
}

TEST_CASE("a key is found however it is escaped") {
    CHECK(find_raw(R"({"\u0061b":1})", "/ab") == "1");
    CHECK(find_raw(R"({"ab":1,"\u0061\u0062":2})", "/ab") == "2");
    CHECK(find_raw(R"({"a\/b":1})", "/a~1b") == "1");
    CHECK(find_raw(R"({"\"":1,"\\":2})", "/\"") == "1");
    CHECK(find_raw(R"({"\"":1,"\\":2})", "/\\") == "2");
    CHECK(find_raw(R"({"\ud83d\ude00":1})", "/\xF0\x9F\x98\x80") == "1");
}

TEST_CASE("looking into any bytes at all is safe") {
    Random random(99);
    constexpr std::string_view alphabet = "{}[]\",:\\u0d8 abtfn1~/\x01\xFF";
    for (int i = 0; i < 50'000; ++i) {
        std::string text(random.next() % 40, ' ');
        for (char& c : text)
            c = alphabet[random.next() % alphabet.size()];
        for (std::string_view const pointer : {"", "/a", "/0", "/a/0/b", "/~0"}) {
            if (auto const raw = find_raw(text, pointer)) {
                CHECK(raw->data() >= text.data());
                CHECK(raw->data() + raw->size() <= text.data() + text.size());
            }
        }
        std::ignore = unescape(text);
        std::ignore = is_utf8(text);
    }
}

TEST_CASE("escapes of a string are undone") {
    CHECK(unescape(R"("")") == "");
    CHECK(unescape(R"("a\"\\\/\b\f\n\r\tz")") == "a\"\\/\b\f\n\r\tz");
    CHECK(unescape(R"("\u0000\u00E4\u20ac\ud83d\ude00")") ==
          "\0\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"sv);
    CHECK(unescape(R"("\ud800x\udc00")") == "\xEF\xBF\xBDx\xEF\xBF\xBD");
    CHECK(unescape(R"("\ud800\u0041")") ==
          "\xEF\xBF\xBD"
          "A");
}

TEST_CASE("what is not a string is not unescaped") {
    for (std::string_view const raw : {"", "\"", "a", "12", "\"a", "a\"", R"("\")", R"("\x")",
                                       R"("\u12")", R"("\u12g4")", R"("a"b")", "{}"}) {
        INFO(raw);
        CHECK_FALSE(unescape(raw));
    }
}

TEST_CASE("any text becomes a JSON string that reads back") {
    JsonValidator validator;
    std::string all;
    for (char32_t c = 0; c < 0x800; ++c) {
        all.push_back(c < 0x80 ? static_cast<char>(c) : 'x');
    }
    all += "\xC3\xA4\xF0\x9F\x98\x80";
    std::string out = "{\"a\":";
    append_json_string(out, all);
    out += "}";
    CHECK(validator.check_object(out));
    CHECK(unescape(*find_raw(out, "/a")) == all);
}

TEST_CASE("bytes that are not UTF-8 are replaced when a string is written") {
    std::string out;
    append_json_string(out, "a\xFF\xC3(\xED\xA0\x80z");
    CHECK(out == "\"a\xEF\xBF\xBD\xEF\xBF\xBD(\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz\"");
    out.clear();
    append_json_string(out, "\x01\x1F\"\\\n\r\t\x7F");
    CHECK(out == "\"\\u0001\\u001f\\\"\\\\\\n\\r\\t\x7F\"");
}

TEST_CASE("UTF-8 is checked strictly") {
    CHECK(is_utf8(""));
    CHECK(is_utf8("\xC3\xA4"));
    CHECK_FALSE(is_utf8("\xC0\x80"));
    CHECK_FALSE(is_utf8("\xED\xA0\x80"));
}

}  // namespace
}  // namespace headrace

TEST_CASE(
    "several members are found by one reading, the last of equal keys, at the top level only") {
    using headrace::find_members;
    constexpr std::array<std::string_view, 3> names{"a", "b", "absent"};
    std::array<std::optional<std::string_view>, 3> found;
    find_members(R"( {"b":{"a":1,"absent":2}, "a" : [1,"]"] ,"\u0061":"x\"y"} )", names, found);
    CHECK(found[0] == R"("x\"y")");
    CHECK(found[1] == R"({"a":1,"absent":2})");
    CHECK_FALSE(found[2]);
    for (auto const* const other : {"", " ", "[1]", "{}", "\"a\""}) {
        std::array<std::optional<std::string_view>, 3> nothing;
        find_members(other, names, nothing);
        CHECK_FALSE(nothing[0]);
    }
}

TEST_CASE("a member of a checked object is found where it stands, past lists that were cut out") {
    std::string const pad(1100, 'x');
    std::string const list = "[0.25,-1," + std::string(200, '7') + "]";
    std::string const text = " {\"a[1]\":1,\"v\":" + list + R"(,"id" : -7.50, "t":"see [1,2] )" +
                             pad + R"( [3]","a":{"id":)" + list +
                             R"(},"deep":[[1],[2,[3]],"id"],)" +
                             R"("\u0069d":"k[1]","a[1]":2,"e":1e999,"last":)" + list + "}";
    headrace::JsonValidator validator;
    REQUIRE(validator.check_object(text).has_value());
    for (auto const* const name : {"v", "id", "t", "a", "deep", "e", "last", "a[1]"}) {
        CAPTURE(name);
        auto const found = validator.find_member(name);
        auto const expected = headrace::find_raw(text, "/" + std::string(name));
        REQUIRE(found.has_value());
        CHECK(found->data() == expected->data());
        CHECK(found->size() == expected->size());
    }
    CHECK(validator.find_member("id") == R"("k[1]")");
    CHECK_FALSE(validator.find_member("a[]").has_value());
    CHECK_FALSE(validator.find_member("see").has_value());
    REQUIRE(validator.check_object(R"({"id":1})").has_value());
    CHECK(validator.find_member("id") == "1");
    CHECK_FALSE(validator.find_member("v").has_value());
}
