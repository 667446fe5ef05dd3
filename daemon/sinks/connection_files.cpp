#include "sinks/connection_files.hpp"

#include "http/tls.hpp"

#include <utility>

namespace headrace::sinks {

ConnectionFiles::ConnectionFiles(RequestSettings const& requests)
    : ConnectionFiles(requests, [](http::TlsSettings const& tls) { return http::check(tls); }) {}

ConnectionFiles::ConnectionFiles(RequestSettings const& requests, Check check)
    : present_(requests.client), refresh_(requests.refresh), check_(std::move(check)) {}

Result<http::ClientSettings const*> ConnectionFiles::look() {
    constexpr http::ClientSettings const* nothing_new = nullptr;
    if (!refresh_) return nothing_new;
    auto fresh = present_;
    refresh_(fresh);
    if (fresh == present_) return nothing_new;
    auto const usable = fresh.url.tls ? check_(fresh.tls) : Result<void>();
    if (usable) {
        refusals_ = 0;
        present_ = std::move(fresh);
        return &std::as_const(present_);
    }
    refusals_ = fresh == unusable_ ? refusals_ + 1 : 1;
    unusable_ = std::move(fresh);
    if (refusals_ != 2) return nothing_new;
    return usable.error();
}

}  // namespace headrace::sinks
