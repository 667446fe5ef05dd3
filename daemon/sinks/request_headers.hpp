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

    /// `scheme` is what stands before the credential, such as "Bearer ".
    RequestHeaders(List ours, List const& theirs, std::string_view scheme, Secret credential);

    /// Fills the request's headers and remembers the credential in it for redaction.
    void write(EncodedRequest& request) const;

  private:
    List fixed_;
    std::string scheme_;
    Secret credential_;
    bool adds_authorization_ = true;
    std::string operators_authorization_;  ///< Takes the place of ours, and is as secret.
};

}  // namespace headrace::sinks
