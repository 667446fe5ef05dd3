#include "ops/log_line.hpp"

#include "base/json.hpp"
#include "base/timestamp.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <limits>
#include <string>
#include <vector>

namespace headrace::ops {
namespace {

WallTime const time = parse_timestamp("2026-11-21T09:00:00.123Z").value();

std::string line(LogFormat format, std::string_view message, std::vector<LogField> const& fields) {
    return format_log_line(format, time, {LogLevel::warn, "route_blocked", message, fields});
}

}  // namespace

TEST_CASE("a text line is logfmt with quotes only where they must be") {
    std::string const name = "clicks";
    CHECK(
        line(LogFormat::text, "the key was refused",
             {{"route", name},
              {"status", 403},
              {"offset", std::int64_t{-1}},
              {"bytes", std::uint64_t{18'446'744'073'709'551'615U}},
              {"secs", 1.5},
              {"joined", true},
              {"empty", ""},
              {"pair", "a=b"}}) ==
        "time=2026-11-21T09:00:00.123Z level=warn event=route_blocked msg=\"the key was refused\" "
        "route=clicks status=403 offset=-1 bytes=18446744073709551615 secs=1.5 joined=true "
        "empty=\"\" pair=\"a=b\"\n");
}

TEST_CASE("a JSON line is one object with numbers as numbers") {
    CHECK(
        line(LogFormat::json, "refused", {{"route", "clicks"}, {"status", 403}, {"secs", 0.25}}) ==
        R"({"time":"2026-11-21T09:00:00.123Z","level":"warn","event":"route_blocked",)"
        R"("msg":"refused","route":"clicks","status":403,"secs":0.25})"
        "\n");
}

TEST_CASE("numbers that JSON does not know are written as words") {
    CHECK(line(LogFormat::json, "m",
               {{"a", std::numeric_limits<double>::quiet_NaN()},
                {"b", std::numeric_limits<double>::infinity()},
                {"c", -std::numeric_limits<double>::infinity()}})
              .ends_with(R"("a":"NaN","b":"+Inf","c":"-Inf"})"
                         "\n"));
}

TEST_CASE("text that looks like a second line cannot forge one") {
    auto const format = GENERATE(LogFormat::text, LogFormat::json);
    std::string const hostile =
        "bad\ntime=2026-11-21T09:00:00.123Z level=info event=all_is_well\r\t\x1b[2K\x7f\"\\";
    std::string const out = line(format, hostile, {{"name", hostile}});
    CHECK(out.find('\n') == out.size() - 1);
    for (char const forbidden : {'\r', '\t', '\x1b', '\x7f'}) {
        CHECK(out.find(forbidden) == std::string::npos);
    }
    CHECK(out.find(R"(bad\ntime=)") != std::string::npos);
    CHECK(out.find(R"(\r\t\u001b[2K\u007f\"\\)") != std::string::npos);
}

TEST_CASE("characters that steer a terminal or turn the direction of writing are escaped") {
    std::string const out =
        line(LogFormat::text,
             "\xC2\x9B"
             "31m \xE2\x80\xA8 \xE2\x80\xAE \xE2\x81\xA6 \xC3\xA9 \xF0\x9F\x98\x80",
             {});
    CHECK(out.find("msg=\"\\u009b31m \\u2028 \\u202e \\u2066 \xC3\xA9 \xF0\x9F\x98\x80\"") !=
          std::string::npos);
}

TEST_CASE("a line is valid JSON whatever bytes it is given") {
    JsonValidator validator;
    std::string every_byte;
    for (int byte = 0; byte < 256; ++byte)
        every_byte += static_cast<char>(byte);
    std::vector<std::string> const hostile{every_byte,
                                           "\xC3",
                                           "\xED\xA0\x80",
                                           "\xF4\x90\x80\x80",
                                           "\xC0\x80",
                                           "\xE2\x80",
                                           std::string(3, '\0'),
                                           "\xFF\xFE",
                                           std::string(9000, 'x'),
                                           std::string(9000, '\0'),
                                           std::string(5000, '\xC3')};
    for (auto const& text : hostile) {
        std::string const out = line(LogFormat::json, text, {{"a", text}, {"b", text}});
        auto const checked = validator.check_object(out);
        CAPTURE(out);
        CHECK(checked.has_value());
        CHECK(out.find('\n') == out.size() - 1);
    }
}

TEST_CASE("a line never grows longer than a pipe takes in one piece") {
    auto const format = GENERATE(LogFormat::text, LogFormat::json);
    auto const text = GENERATE(std::string(100'000, 'x'), std::string(100'000, '\0'),
                               std::string(3000, 'x'), std::string(700, '\x01'));
    std::vector<LogField> const fields(40, LogField{"a_key_of_some_length", text});
    std::string const out = line(format, text, fields);
    CHECK(out.size() <= log_line_bytes_max);
    CHECK(out.ends_with(format == LogFormat::json ? "}\n" : "\n"));
    CHECK(out.find("…") != std::string::npos);
}

TEST_CASE("a text that fits is not cut, and one that does not is cut between characters") {
    std::string const long_text(1800, 'x');
    CHECK(line(LogFormat::text, long_text, {}).find(long_text) != std::string::npos);

    std::string umlauts;
    for (int i = 0; i < 1100; ++i)
        umlauts += "ü";
    std::string const out = line(LogFormat::json, umlauts + "x", {});
    CHECK(is_utf8(out));
    CHECK(out.find("ü…\"") != std::string::npos);
}

TEST_CASE("more fields than a line may have are left out") {
    std::vector<LogField> fields;
    for (int i = 0; i < 17; ++i)
        fields.push_back({"n", i});
    std::string const out = line(LogFormat::text, "m", fields);
    CHECK(out.find("n=15\n") != std::string::npos);
    CHECK(out.find("n=16") == std::string::npos);
}

}  // namespace headrace::ops
