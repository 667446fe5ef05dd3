// Tells when the files behind a route's connections (TLS, proxy) say something else than before,
// and only once they can be used: a certificate is often replaced a moment before its key. Used by
// route_runner, which is asked every second. Thread safety: not thread-safe.
#pragma once

#include "base/result.hpp"
#include "http/settings.hpp"
#include "sinks/settings.hpp"

#include <functional>

namespace headrace::sinks {

class ConnectionFiles {
  public:
    /// Whether the TLS files can be read and fit together.
    using Check = std::function<Result<void>(http::TlsSettings const&)>;

    explicit ConnectionFiles(RequestSettings const& requests);
    ConnectionFiles(RequestSettings const& requests, Check check);

    /// The settings if they are others than before, else null; they live until the next call. An
    /// error when the files have been unusable for two calls, once for each state that they are in.
    [[nodiscard]] Result<http::ClientSettings const*> look();

  private:
    http::ClientSettings present_;
    http::ClientSettings unusable_;  ///< What could not be used at the last call.
    Refresh refresh_;
    Check check_;
    int refusals_ = 0;  ///< Of unusable_.
};

}  // namespace headrace::sinks
