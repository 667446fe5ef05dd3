#include "sinks/peer_text.hpp"

#include "base/utf8.hpp"

#include <algorithm>

namespace headrace::sinks {
namespace {

/// A shorter credential would blank out words of the language.
constexpr std::size_t credential_bytes_min = 4;
constexpr std::size_t password_bytes_min = 8;
/// What is looked at: far more than is kept, far less than an answer may have.
constexpr std::size_t input_bytes_max = 16 * 1024;

void blank_out(std::string& text, std::string_view secret) {
    constexpr std::string_view blank = "[redacted]";
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
        text.replace(at, secret.size(), blank);
        at += blank.size();
    }
}

[[nodiscard]] std::string without_credential(std::string_view text, std::string_view credential) {
    std::string out(text.substr(0, input_bytes_max));
    if (credential.size() >= credential_bytes_min) blank_out(out, credential);
    std::size_t const colon = credential.find(':');
    if (colon != std::string_view::npos && credential.size() - colon - 1 >= password_bytes_min) {
        blank_out(out, credential.substr(colon + 1));
    }
    return out;
}

[[nodiscard]] bool is_blank(char c) noexcept {
    auto const byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7F;
}

/// U+0080 to U+009F control terminals too.
[[nodiscard]] bool is_c1_control(std::string_view sequence) noexcept {
    return sequence.size() == 2 && sequence[0] == '\xC2' &&
           static_cast<unsigned char>(sequence[1]) < 0xA0;
}

}  // namespace

std::string clean_peer_text(std::string_view text, std::string_view credential) {
    std::string const safe = without_credential(text, credential);
    std::string out;
    for (std::size_t at = 0; at < safe.size() && out.size() < peer_text_bytes_max;) {
        std::size_t const length = utf8_length(safe, at);
        std::string_view piece =
            std::string_view(safe).substr(at, std::max<std::size_t>(length, 1));
        at += piece.size();
        if (is_blank(piece[0]) || is_c1_control(piece)) {
            if (out.empty() || out.back() == ' ') continue;
            piece = " ";
        } else if (length == 0) {
            piece = "\xEF\xBF\xBD";
        }
        if (out.size() + piece.size() > peer_text_bytes_max) break;
        out += piece;
    }
    while (out.ends_with(' '))
        out.pop_back();
    return out;
}

}  // namespace headrace::sinks
