// The page at `/`: one HTML text with its style and script inside, made at build time from the
// files in page/. It reads /status each second and puts every text into the page as text, never as
// HTML. Used by admin_answers.
// Thread safety: constants.
#pragma once

#include <string>
#include <string_view>

namespace headrace::ops {

/// The whole page.
[[nodiscard]] std::string_view page_html() noexcept;

/// The value of Content-Security-Policy under which exactly this style and script may run, and
/// nothing is fetched but /status.
[[nodiscard]] std::string const& page_security_policy();

}  // namespace headrace::ops
