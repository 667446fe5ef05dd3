#include "base/size.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace {
namespace {

TEST_CASE("sizes are read with and without a unit") {
    CHECK(parse_size("0").value() == 0);
    CHECK(parse_size("512").value() == 512);
    CHECK(parse_size("64KiB").value() == 65536);
    CHECK(parse_size("1MiB").value() == 1048576);
    CHECK(parse_size("2 GiB").value() == 2147483648U);
    CHECK(parse_size("18446744073709551615").value() == 18446744073709551615U);
}

TEST_CASE("what is not a size is refused") {
    for (std::string_view const text :
         {"", "KiB", "-1", "1.5MiB", "1MB", "1 M", "mib", "1kib", "0x10", "18446744073709551616",
          "18446744073709551615KiB", "1KiBKiB", " 1"}) {
        INFO(text);
        auto const size = parse_size(text);
        REQUIRE_FALSE(size);
        CHECK(size.error().code == ErrorCode::invalid_argument);
    }
}

TEST_CASE("a size is written in its shortest exact form and read back") {
    CHECK(format_size(0) == "0");
    CHECK(format_size(1000) == "1000");
    CHECK(format_size(1024) == "1KiB");
    CHECK(format_size(1536) == "1536");
    CHECK(format_size(mib) == "1MiB");
    CHECK(format_size(3 * gib) == "3GiB");
    for (std::uint64_t const bytes : {std::uint64_t{1}, 5 * kib, 7 * mib + 1, 9 * gib}) {
        CHECK(parse_size(format_size(bytes)).value() == bytes);
    }
}

}  // namespace
}  // namespace headrace
