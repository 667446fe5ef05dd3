// Hands bytes to one of Beast's parsers without its one trap. Internal to http/.
// Thread safety: a free function without state.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <cstddef>

namespace headrace::http {

/// As parser.put(): returns how many bytes were consumed; `error` is need_more if the rest must
/// come again with more behind it.
template <bool is_request>
std::size_t feed(boost::beast::http::basic_parser<is_request>& parser,
                 boost::asio::const_buffer bytes, boost::beast::error_code& error) {
    // Beast before Boost 1.86 asserts that a last chunk comes with at least 5 bytes (beast pull
    // request 2861). No chunked body ends with fewer ("0", two line ends), so waiting for them
    // delays nothing.
    constexpr std::size_t last_chunk_bytes = 5;
    if (bytes.size() < last_chunk_bytes && parser.is_header_done() && parser.chunked()) {
        error = boost::beast::http::error::need_more;
        return 0;
    }
    return parser.put(bytes, error);
}

}  // namespace headrace::http
