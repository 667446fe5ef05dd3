#include "http/message.hpp"
#include "http/server.hpp"

namespace headrace::http {

namespace {

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// Undoes percent-encoding and `+` for a space; a broken escape stays as it is.
std::string decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '+') {
            out += ' ';
            continue;
        }
        if (text[at] == '%' && at + 2 < text.size()) {
            int const high = hex_digit(text[at + 1]);
            int const low = hex_digit(text[at + 2]);
            if (high >= 0 && low >= 0) {
                out += static_cast<char>(high * 16 + low);
                at += 2;
                continue;
            }
        }
        out += text[at];
    }
    return out;
}

}  // namespace

std::string_view ServerRequest::header(std::string_view name) const {
    for (auto const& [key, value] : headers) {
        if (same_name(key, name)) return value;
    }
    return {};
}

std::string_view ServerRequest::path() const {
    return std::string_view(target).substr(0, target.find('?'));
}

std::string ServerRequest::query(std::string_view name) const {
    auto const mark = target.find('?');
    if (mark == std::string::npos) return {};
    std::string_view rest = std::string_view(target).substr(mark + 1);
    while (!rest.empty()) {
        std::string_view const pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
        auto const equals = pair.find('=');
        if (decode(pair.substr(0, equals)) != name) continue;
        return equals == std::string_view::npos ? std::string() : decode(pair.substr(equals + 1));
    }
    return {};
}

}  // namespace headrace::http
