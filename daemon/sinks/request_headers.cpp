#include "sinks/request_headers.hpp"

#include <algorithm>

namespace headrace::sinks {
namespace {

[[nodiscard]] bool contains(RequestHeaders::List const& list, std::string_view name) {
    return std::ranges::any_of(
        list, [name](auto const& header) { return http::same_name(header.first, name); });
}

/// Line ends and other control characters in a key file would end the header.
[[nodiscard]] std::string without_controls(std::string text) {
    std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7F'; });
    return text;
}

}  // namespace

RequestHeaders::RequestHeaders(List ours, List const& theirs, std::string_view scheme,
                               Secret credential)
    : scheme_(scheme), credential_(std::move(credential)) {
    for (auto const& [name, value] : theirs) {
        if (!http::same_name(name, "Authorization")) continue;
        adds_authorization_ = false;
        operators_authorization_ = value;
    }
    for (auto& header : ours) {
        if (!contains(theirs, header.first)) fixed_.push_back(std::move(header));
    }
    fixed_.insert(fixed_.end(), theirs.begin(), theirs.end());
}

void RequestHeaders::write(EncodedRequest& request) const {
    request.headers = fixed_;
    if (!adds_authorization_) {
        request.credential = operators_authorization_;
        return;
    }
    if (!credential_) return;
    request.credential = without_controls(credential_());
    if (!request.credential.empty())
        request.headers.emplace_back("Authorization", scheme_ + request.credential);
}

}  // namespace headrace::sinks
