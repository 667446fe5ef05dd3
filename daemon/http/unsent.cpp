#include "http/unsent.hpp"

#include <cassert>

namespace headrace::http {

std::size_t Unsent::pieces(std::span<std::string_view> out) const noexcept {
    std::size_t count = 0;
    auto sent = sent_;
    for (auto number = number_; number != pieces_in_all() && count != out.size(); ++number) {
        auto const rest = piece(number).substr(sent);
        sent = 0;
        if (!rest.empty()) out[count++] = rest;
    }
    return count;
}

void Unsent::take(std::size_t bytes) noexcept {
    sent_ += bytes;
    while (number_ != pieces_in_all() && sent_ >= piece(number_).size()) {
        sent_ -= piece(number_).size();
        ++number_;
    }
    assert(!is_empty() || sent_ == 0);
}

std::string_view Unsent::piece(std::size_t number) const noexcept {
    if (number == 0) return head_;
    auto const index = (number - 1) / 2;
    if (number % 2 == 0) return *splices_[index].bytes;
    auto const begin = index == 0 ? 0 : splices_[index - 1].at;
    auto const end = index == splices_.size() ? text_.size() : splices_[index].at;
    return text_.substr(begin, end - begin);
}

}  // namespace headrace::http
