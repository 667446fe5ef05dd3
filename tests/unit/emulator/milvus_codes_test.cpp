#include "emulator/milvus_codes.hpp"

#include <catch2/catch_test_macros.hpp>

namespace headrace::emulator {

TEST_CASE("Milvus: codes have their texts, unknown ones too") {
    CHECK(milvus_code_text(1800) == "user hasn't authenticated");
    CHECK(milvus_code_text(10001) == "request timeout");
    CHECK(milvus_code_text(4711) == "unexpected error");
    CHECK(milvus_failure_body({8, "a \"b\""}) == R"({"code":8,"message":"a \"b\""})");
}

TEST_CASE("Milvus: the limiter wraps another error's text") {
    auto const failure = limiter_failure("rate limit exceeded[rate=1]");
    CHECK(failure.code == 1807);
    CHECK(failure.message == "request is rejected by limiter, error: rate limit exceeded[rate=1]");
}

TEST_CASE("Milvus: standard statuses fit the code; of writes 503 and 429 become 500 but for 1807") {
    struct Row {
        std::int64_t code;
        int of_writes;
        int of_reads;
    };
    for (auto const& row :
         {Row{1800, 401, 401}, Row{1401, 403, 403}, Row{1807, 429, 429}, Row{1804, 400, 400},
          Row{1806, 400, 400}, Row{100, 400, 400}, Row{1100, 400, 400}, Row{1, 500, 503},
          Row{2, 500, 503}, Row{12, 500, 503}, Row{4, 500, 429}, Row{8, 500, 429},
          Row{65535, 500, 500}}) {
        CAPTURE(row.code);
        CHECK(standard_status(row.code, true) == row.of_writes);
        CHECK(standard_status(row.code, false) == row.of_reads);
    }
}

}  // namespace headrace::emulator
