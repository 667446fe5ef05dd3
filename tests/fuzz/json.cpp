// Any bytes through the JSON functions: the fast and the slow judge agree, and looking inside never
// leaves the text.
#include "base/json.hpp"

#include "base/json_grammar.hpp"
#include "expect.hpp"

#include <cstdint>

using headrace::fuzz::expect;

namespace {

/// The fast judge looks for lists of numbers in longer texts only.
void check_longer(headrace::JsonValidator& validator, std::string_view text) {
    auto const longer = "{\"pad\":\"" + std::string(1024, 'x') + "\",\"list\":[" +
                        std::string(text) + "],\"a\":" + std::string(text) + ",\"id\":17}";
    bool const is_object = validator.check_object(longer).has_value();
    expect(is_object == !headrace::find_json_fault(longer));
    if (!is_object) return;
    for (std::string const name : {"a", "id", "list", "[]", "b"}) {
        auto const member = validator.find_member(name);
        auto const raw = headrace::find_raw(longer, "/" + name);
        expect(member.has_value() == raw.has_value());
        expect(!raw || (member->data() == raw->data() && member->size() == raw->size()));
    }
}

}  // namespace

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
    check_longer(validator, text);
    std::string quoted = "{\"a\":";
    headrace::append_json_string(quoted, text);
    quoted += '}';
    expect(validator.check_object(quoted).has_value());
    auto const back = headrace::unescape(*headrace::find_raw(quoted, "/a"));
    expect(back.has_value() && (*back == text) == headrace::is_utf8(text));
    return 0;
}
