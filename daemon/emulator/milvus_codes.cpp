#include "emulator/milvus_codes.hpp"

#include "emulator/json_text.hpp"

#include <algorithm>
#include <array>

namespace headrace::emulator {
namespace {

struct CodeText {
    std::int64_t code;
    std::string_view text;
};
constexpr std::array<CodeText, 45> texts{{
    {1, "service not ready"},
    {2, "service unavailable"},
    {3, "memory limit exceeded"},
    {4, "request queue is full"},
    {5, "service internal error"},
    {7, "disk quota exceeded"},
    {8, "rate limit exceeded"},
    {9, "quota exceeded"},
    {10, "service unimplemented"},
    {11, "time tick long delay"},
    {12, "resource exhausted"},
    {100, "can't find collection"},
    {101, "collection not loaded"},
    {103, "collection not fully loaded"},
    {106, "collection on recovering"},
    {109, "collection schema mismatch"},
    {110, "collection is replicating"},
    {200, "partition not found"},
    {201, "partition not loaded"},
    {202, "partition not fully loaded"},
    {505, "channel not available"},
    {507, "channel lacks replicas"},
    {800, "database not found"},
    {802, "invalid database name"},
    {1001, "IO failed"},
    {1002, "IO failed, retriable"},
    {1003, "IO unexpected EOF"},
    {1100, "invalid parameter"},
    {1101, "missing parameter"},
    {1102, "parameter too large"},
    {1302, "segment is not in the right state"},
    {1303, "segment lack"},
    {1400, "the node is not authenticated"},
    {1401, "privilege not permitted"},
    {1700, "field not found"},
    {1701, "field name invalid"},
    {1800, "user hasn't authenticated"},
    {1801, "can only accept json format request"},
    {1802, "missing required parameters"},
    {1803, "fail to marshal collection schema"},
    {1804, "fail to deal the insert data"},
    {1805, "fail to parse search result"},
    {1806, "data in primary field can't be parsed"},
    {10000, "request canceled"},
    {10001, "request timeout"},
}};

constexpr std::array<std::int64_t, 13> callers{100,  101,  109,  200,  800,  802, 1100,
                                               1101, 1102, 1700, 1701, 1801, 1802};

}  // namespace

std::string_view milvus_code_text(std::int64_t code) noexcept {
    for (auto const& entry : texts) {
        if (entry.code == code) return entry.text;
    }
    return "unexpected error";
}

std::string milvus_failure_body(MilvusFailure const& failure) {
    JsonText json;
    json.open('{').key("code").number(failure.code);
    return json.key("message").string(failure.message).close('}').take();
}

MilvusFailure limiter_failure(std::string_view inner) {
    return {1807, "request is rejected by limiter, error: " + std::string(inner)};
}

int standard_status(std::int64_t code, bool writes) noexcept {
    if (code == 1807) return 429;
    if (code == 1800) return 401;
    if (code == 1401) return 403;
    if (code == 1804 || code == 1806 ||
        std::find(callers.begin(), callers.end(), code) != callers.end()) {
        return 400;
    }
    if (writes) return 500;
    if (code == 4 || code == 8 || code == 9) return 429;
    return code == 1 || code == 2 || code == 12 ? 503 : 500;
}

}  // namespace headrace::emulator
