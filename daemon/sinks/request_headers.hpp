// The headers that every request of a dialect carries: the dialect's own, the operator's
// `http.headers`, and the credential as it is at this moment. A header that the operator sets takes
// the place of ours. Thread safety: constant after construction.
#pragma once

#include "sinks/dialect.hpp"
#include "sinks/settings.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace headrace::sinks {

class RequestHeaders {
  public:
    using List = std::vector<std::pair<std::string, std::string>>;

    using LiveList = std::vector<std::pair<std::string, Secret>>;

    /// `scheme` is what stands before the credential, such as "Bearer ".
    RequestHeaders(List ours, RequestSettings const& theirs, std::string_view scheme,
                   Secret credential);

    /// Fills the request's headers and remembers the credential in it for redaction.
    void write(EncodedRequest& request) const;

  private:
    List fixed_;
    LiveList live_;  ///< Asked before each request, and sent after the others.
    std::string scheme_;
    Secret credential_;
    bool adds_authorization_ = true;  ///< false: the operator's takes its place, and is as secret.
};

}  // namespace headrace::sinks
