// Any answer of Tecton: the first two bytes are the status, the third says whether it was a dry
// run, the rest is the body.
#include "base/json.hpp"
#include "expect.hpp"
#include "sinks/peer_text.hpp"
#include "sinks/tecton_answer.hpp"

#include <cstdint>

using namespace headrace;
using headrace::fuzz::expect;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size < 3) return 0;
    static JsonValidator validator;
    http::Response answer;
    answer.status = (data[0] * 256 + data[1]) % 700;
    bool const dry_run = data[2] % 2 == 1;
    answer.body.assign(reinterpret_cast<char const*>(data) + 3, size - 3);
    auto const judgement =
        sinks::judge_tecton(validator, answer, {.stream_sources = "clicks", .dry_run = dry_run});
    if (judgement.verdict == flow::Verdict::delivered) {
        expect(answer.status == 200);
        expect(validator.check_object(answer.body).has_value());
        expect(dry_run || find_raw(answer.body, "/workspaceName") ||
               find_raw(answer.body, "/ingestMetrics"));
    } else {
        expect(judgement.reason != flow::FailureReason::none);
        auto const message = sinks::clean_peer_text(judgement.message, "secret-key");
        expect(!message.empty() && message.size() <= sinks::peer_text_bytes_max &&
               is_utf8(message));
    }
    return 0;
}
