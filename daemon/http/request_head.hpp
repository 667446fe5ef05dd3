// The head of a request as bytes, apart from any socket: what is the same for all of a client's
// requests is put together once. Used by client.cpp only.
// Thread safety: not thread-safe; belongs to its connection pool.
#pragma once

#include "base/result.hpp"
#include "http/message.hpp"
#include "http/settings.hpp"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace headrace::http {

class RequestHead {
  public:
    explicit RequestHead(ClientSettings const& settings);

    /// Replaces `out` by the request's head with the empty line at its end. What could smuggle a
    /// second request or header (line breaks, a length of the caller's own) is refused as
    /// invalid_argument and `out` is not to be sent.
    [[nodiscard]] Result<void> write(Request const& request, std::string& out);

    /// What opens a tunnel through the proxy to the destination.
    [[nodiscard]] std::string const& connect() const noexcept { return connect_; }

  private:
    using Header = std::pair<std::string, std::string>;
    [[nodiscard]] Result<void> render(std::span<Header const> headers);

    std::vector<Header> last_headers_;  ///< Checked; none if those of the last request were bad.
    std::string last_lines_;            ///< They as lines.
    std::string target_prefix_;         ///< "http://host:port" through a plain proxy, else empty.
    std::string host_lines_;            ///< "Host: ...\r\n" and what else every request carries.
    std::string connect_;
};

}  // namespace headrace::http
