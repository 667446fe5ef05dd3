// Any bytes as an HTTP answer: read whole and read in pieces it is the same, and no limit is
// passed. The first byte says how large the pieces are.
#include "expect.hpp"
#include "http/response_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

using headrace::fuzz::expect;
using headrace::http::Progress;
using headrace::http::Response;
using headrace::http::ResponseReader;

namespace {

constexpr std::size_t response_bytes_max = 2048;

/// Feeds all of `bytes` and then the end of the connection; says whether an answer came of it.
bool read(ResponseReader& reader, Response& response, std::string_view bytes, std::size_t piece) {
    reader.begin(response);
    while (!bytes.empty()) {
        auto const space = reader.space();
        expect(!space.empty());
        auto const count = std::min({piece, bytes.size(), space.size()});
        std::memcpy(space.data(), bytes.data(), count);
        bytes.remove_prefix(count);
        auto const progress = reader.commit(count);
        expect(response.body.size() <= response_bytes_max + piece);
        if (!progress) return false;
        if (*progress == Progress::done) return true;
    }
    return reader.close().has_value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size == 0) return 0;
    std::string_view const bytes(reinterpret_cast<char const*>(data) + 1, size - 1);
    // The readers and answers are used again, as a connection does.
    static ResponseReader at_once(response_bytes_max);
    static ResponseReader in_pieces(response_bytes_max);
    static Response one;
    static Response other;
    bool const is_answer = read(at_once, one, bytes, bytes.size() + 1);
    expect(is_answer == read(in_pieces, other, bytes, 1U + data[0] % 16U));
    if (!is_answer) {
        expect(!at_once.is_reusable() && !in_pieces.is_reusable());
        return 0;
    }
    expect(one.status >= 200 && one.status <= 999);
    expect(one.status == other.status && one.body == other.body && one.headers == other.headers);
    expect(one.body.size() <= response_bytes_max);
    // What comes behind the answer is seen in one go only.
    if (!at_once.has_rest() && !in_pieces.has_rest())
        expect(at_once.is_reusable() == in_pieces.is_reusable());
    return 0;
}
