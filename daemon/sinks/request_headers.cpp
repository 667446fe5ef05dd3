#include "sinks/request_headers.hpp"

#include <algorithm>

namespace headrace::sinks {
namespace {

constexpr std::string_view authorization = "Authorization";

template <class List>
[[nodiscard]] bool contains(List const& list, std::string_view name) {
    return std::ranges::any_of(
        list, [name](auto const& header) { return http::same_name(header.first, name); });
}

/// Line ends and other control characters in a key file would end the header.
[[nodiscard]] std::string without_controls(std::string text) {
    std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7F'; });
    return text;
}

}  // namespace

RequestHeaders::RequestHeaders(List ours, RequestSettings const& theirs, std::string_view scheme,
                               Secret credential)
    : live_(theirs.live_headers), scheme_(scheme), credential_(std::move(credential)) {
    auto const is_theirs = [&](std::string_view name) {
        return contains(theirs.headers, name) || contains(live_, name);
    };
    adds_authorization_ = !is_theirs(authorization);
    for (auto& header : ours) {
        if (!is_theirs(header.first)) fixed_.push_back(std::move(header));
    }
    fixed_.insert(fixed_.end(), theirs.headers.begin(), theirs.headers.end());
}

void RequestHeaders::write(EncodedRequest& request) const {
    request.headers = fixed_;
    for (auto const& [name, value] : live_) {
        request.headers.emplace_back(name, without_controls(value()));
    }
    if (!adds_authorization_) {
        for (auto const& [name, value] : request.headers) {
            if (http::same_name(name, authorization)) request.credential = value;
        }
        return;
    }
    if (!credential_) return;
    request.credential = without_controls(credential_());
    if (!request.credential.empty())
        request.headers.emplace_back("Authorization", scheme_ + request.credential);
}

}  // namespace headrace::sinks
