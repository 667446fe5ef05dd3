// Any bytes as a line on the control socket: each side gives a value or an error that fits a line,
// and what it accepted reads back as the same when it is written again.
#include "expect.hpp"
#include "ops/control_protocol.hpp"

#include <cstdint>

using namespace headrace;
using headrace::fuzz::expect;

namespace {

std::string without_end(std::string line) {
    expect(line.ends_with('\n') && line.find('\n') == line.size() - 1);
    line.pop_back();
    return line;
}

void check_request(std::string_view line) {
    auto const read = ops::read_request(line);
    if (!read) return expect(!read.error().message.empty());
    auto const again = ops::read_request(without_end(ops::write_request(*read)));
    expect(again && again->action == read->action && again->route == read->route);
}

void check_answer(std::string_view line) {
    auto const read = ops::read_answer(line);
    if (!read) return expect(!read.error().message.empty());
    auto const written = ops::write_answer(*read);
    expect(written.size() <= ops::control_line_bytes_max);
    auto const again = ops::read_answer(without_end(written));
    expect(again && again->is_done == read->is_done &&
           again->records.has_value() == read->records.has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const line(reinterpret_cast<char const*>(data), size);
    check_request(line);
    check_answer(line);
    return 0;
}
