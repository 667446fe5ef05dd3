#include "sinks/milvus_key.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::sinks {
namespace {

std::string key(std::string_view raw, MilvusKeyType type) {
    std::string out;
    append_milvus_key(out, raw, type);
    return out;
}

std::string key_of_bytes(std::string_view bytes, MilvusKeyType type) {
    std::string out = "<";
    bool const is_key = append_milvus_key_of_bytes(out, bytes, type);
    if (!is_key) CHECK(out == "<");
    return is_key ? out.substr(1) : "refused";
}

TEST_CASE("an Int64 has one form, quoted or not") {
    auto const type = MilvusKeyType::int64;
    for (std::string_view const raw : {"7", "\"7\"", "7.0", "\"7.00\"", R"("\u0037")"}) {
        INFO(raw);
        CHECK(key(raw, type) == "7");
    }
    CHECK(key("-7", type) == "-7");
    CHECK(key("0", type) == "0");
    CHECK(key("-0", type) == "0");
    CHECK(key("9007199254740993", type) == "9007199254740993");
    CHECK(key("\"9223372036854775807\"", type) == "9223372036854775807");
    CHECK(key("-9223372036854775808", type) == "-9223372036854775808");
}

TEST_CASE("what is no Int64 stays as it is spelled, for Milvus to judge") {
    auto const type = MilvusKeyType::int64;
    CHECK(key("9223372036854775808", type) == "9223372036854775808");
    CHECK(key("1.5", type) == "1.5");
    CHECK(key("\"1.\"", type) == "1.");
    CHECK(key("1e2", type) == "1e2");
    CHECK(key("\"007\"", type) == "007");
    CHECK(key("\"\"", type) == "");
    CHECK(key("\"abc\"", type) == "abc");
    CHECK(key("\"-\"", type) == "-");
}

TEST_CASE("a VarChar has one form, however it is escaped") {
    auto const type = MilvusKeyType::varchar;
    CHECK(key(R"("a\u0062\/")", type) == "ab/");
    CHECK(key(R"("ab/")", type) == "ab/");
    CHECK(key("\"007\"", type) == "007");
    CHECK(key("7", type) == "7");
    CHECK(key("\"\"", type) == "");
    CHECK(key("\"", type) == "\"");
    CHECK(key(R"("\x")", type) == R"(\x)");
}

TEST_CASE("only strings and numbers can be keys") {
    for (std::string_view const raw : {"\"a\"", "1", "-1", "0.5"})
        CHECK(can_be_milvus_key(raw));
    for (std::string_view const raw : {"", "null", "true", "false", "{}", "[]"})
        CHECK_FALSE(can_be_milvus_key(raw));
}

TEST_CASE("a Kafka key is text for a VarChar and decimal digits for an Int64") {
    CHECK(key_of_bytes("a\"b", MilvusKeyType::varchar) == "a\"b");
    CHECK(key_of_bytes("", MilvusKeyType::varchar) == "");
    CHECK(key_of_bytes("\xFF", MilvusKeyType::varchar) == "refused");
    CHECK(key_of_bytes("7", MilvusKeyType::int64) == "7");
    CHECK(key_of_bytes("-7", MilvusKeyType::int64) == "-7");
    CHECK(key_of_bytes("007", MilvusKeyType::int64) == "7");
    for (std::string_view const bytes :
         {"", "+7", " 7", "7 ", "7.0", "0x7", "9223372036854775808", "seven", "-"}) {
        INFO(bytes);
        CHECK(key_of_bytes(bytes, MilvusKeyType::int64) == "refused");
    }
    CHECK(key_of_bytes(std::string_view("\0\0\0\0\0\0\0\x07", 8), MilvusKeyType::int64) ==
          "refused");
}

}  // namespace
}  // namespace headrace::sinks
