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
void remove_controls(std::string& text) {
    std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7F'; });
}

/// Writes headers over those of an earlier request, so that their strings' memory is used again.
class Overwriter {
  public:
    explicit Overwriter(RequestHeaders::List& list) noexcept : list_(list) {}

    /// The next header's value, to be filled.
    [[nodiscard]] std::string& next(std::string_view name) {
        if (written_ == list_.size()) list_.emplace_back();
        auto& [present_name, value] = list_[written_++];
        present_name = name;
        return value;
    }
    void end() { list_.resize(written_); }

  private:
    RequestHeaders::List& list_;
    std::size_t written_ = 0;
};

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
    Overwriter headers(request.headers);
    for (auto const& [name, value] : fixed_) {
        headers.next(name) = value;
    }
    for (auto const& [name, secret] : live_) {
        auto& value = headers.next(name);
        secret.read(value);
        remove_controls(value);
    }
    if (adds_authorization_ && credential_) {
        credential_.read(request.credential);
        remove_controls(request.credential);
        if (!request.credential.empty()) {
            auto& value = headers.next(authorization);
            value = scheme_;
            value += request.credential;
        }
    }
    headers.end();
    if (adds_authorization_) return;
    for (auto const& [name, value] : request.headers) {
        if (http::same_name(name, authorization)) request.credential = value;
    }
}

}  // namespace headrace::sinks
