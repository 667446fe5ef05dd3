// Any bytes through the JSON functions: the fast and the slow judge agree, and looking inside never
// leaves the text.
#include "base/json.hpp"

#include "base/json_grammar.hpp"
#include "expect.hpp"

#include <cstdint>

using headrace::fuzz::expect;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text(reinterpret_cast<char const*>(data), size);
    static headrace::JsonValidator validator;
    bool const is_object = validator.check_object(text).has_value();
    expect(is_object == !headrace::find_json_fault(text));
    expect(!is_object || headrace::is_utf8(text));
    for (std::string_view const pointer :
         {"", "/a", "/id", "/0", "/a/0/b", "/meta/source", "/~1~0"}) {
        auto const raw = headrace::find_raw(text, pointer);
        if (!raw) continue;
        expect(raw->data() >= text.data() &&
               raw->data() + raw->size() <= text.data() + text.size());
        auto const unescaped = headrace::unescape(*raw);
        if (is_object && unescaped) expect(headrace::is_utf8(*unescaped));
    }
    std::string quoted = "{\"a\":";
    headrace::append_json_string(quoted, text);
    quoted += '}';
    expect(validator.check_object(quoted).has_value());
    auto const back = headrace::unescape(*headrace::find_raw(quoted, "/a"));
    expect(back.has_value() && (*back == text) == headrace::is_utf8(text));
    return 0;
}
