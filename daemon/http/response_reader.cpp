#include "http/response_reader.hpp"

#include "http/parser_feed.hpp"
#include "http/plain_answer.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace headrace::http {

namespace beast = boost::beast;
namespace beast_http = boost::beast::http;

namespace {

/// Enough for nearly every head; grows to head_bytes_max for the others.
constexpr std::size_t buffer_bytes_first = 16U << 10;
/// Fields cost memory beyond their bytes.
constexpr std::size_t fields_max = 256;
/// Of a promised body, this much is reserved at once; a promise alone buys no more memory.
constexpr std::uint64_t reserve_bytes_max = 64U << 10;

/// Beast's parser, writing straight into a Response so that its strings are used again.
class Parser final : public beast_http::basic_parser<false> {
  public:
    explicit Parser(Response& into) : into_(into) { into_.body.clear(); }

  private:
    void on_request_impl(beast_http::verb, beast::string_view, beast::string_view, int,
                         beast::error_code&) override {}

    void on_response_impl(int status, beast::string_view, int, beast::error_code& error) override {
        into_.status = status;
        // 101 would change the protocol, which nobody asked for.
        if (status < 100 || status == 101) error = beast_http::error::bad_status;
    }

    void on_field_impl(beast_http::field, beast::string_view name, beast::string_view value,
                       beast::error_code& error) override {
        // What stands behind the last chunk may not pose as a header.
        if (head_done_) return;
        if (fields_ == fields_max) {
            error = beast_http::error::header_limit;
            return;
        }
        if (fields_ == into_.headers.size()) into_.headers.emplace_back();
        auto& [key, text] = into_.headers[fields_++];
        key.assign(name.data(), name.size());
        text.assign(value.data(), value.size());
    }

    // Newer releases of Beast call this for what stands behind the last chunk; older ones do not
    // know it.
    virtual void on_trailer_field_impl(beast_http::field, beast::string_view, beast::string_view,
                                       beast::error_code&) {}

    void on_header_impl(beast::error_code&) override {
        head_done_ = true;
        into_.headers.resize(fields_);
    }

    void on_body_init_impl(boost::optional<std::uint64_t> const& length,
                           beast::error_code&) override {
        if (length) into_.body.reserve(std::min(*length, reserve_bytes_max));
    }

    std::size_t on_body_impl(beast::string_view piece, beast::error_code&) override {
        into_.body.append(piece.data(), piece.size());
        return piece.size();
    }

    void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}

    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view piece,
                                   beast::error_code&) override {
        into_.body.append(piece.data(), piece.size());
        return piece.size();
    }

    void on_finish_impl(beast::error_code&) override {}

    Response& into_;
    std::size_t fields_ = 0;
    bool head_done_ = false;
};

}  // namespace

// 1. parsed <= filled <= buffer.size(). 2. Between calls `parsed` is 0: what is not parsed yet
// stands at the front.
// 3. There is a parser from the first bytes on that are not a whole plain answer.
struct ResponseReader::Impl {
    explicit Impl(std::size_t bytes_max)
        : buffer(buffer_bytes_first), response_bytes_max(bytes_max) {}

    void start_parser();
    bool parse_plain();
    Result<Progress> parse();
    void move_rest_to_front();
    [[nodiscard]] bool begins_like_http() const noexcept;
    [[nodiscard]] Error not_http() const;
    [[nodiscard]] Error refused(beast::error_code error) const;
    [[nodiscard]] Error too_large() const;
    [[nodiscard]] Error head_too_large() const;

    std::vector<char> buffer;
    std::size_t parsed = 0;
    std::size_t filled = 0;
    std::size_t total = 0;  ///< Bytes since begin().
    std::size_t response_bytes_max;
    Response* into = nullptr;
    std::optional<Parser> parser;  ///< None for a plain answer.
    bool bodiless = false;
    bool at_start_line = true;
    bool done = false;
};

void ResponseReader::Impl::start_parser() {
    parser.emplace(*into);
    at_start_line = true;
    parser->eager(true);
    parser->skip(bodiless);
    parser->header_limit(static_cast<std::uint32_t>(head_bytes_max));
    parser->body_limit(response_bytes_max);
}

Error ResponseReader::Impl::too_large() const {
    return Error{ErrorCode::too_large, "the answer is larger than " +
                                           std::to_string(response_bytes_max) +
                                           " bytes (http.response_bytes_max)"};
}

Error ResponseReader::Impl::head_too_large() const {
    return Error{ErrorCode::too_large,
                 "the answer's head is larger than " + std::to_string(head_bytes_max) +
                     " bytes or has more than " + std::to_string(fields_max) + " fields"};
}

Error ResponseReader::Impl::refused(beast::error_code error) const {
    if (error == beast_http::error::body_limit) return too_large();
    if (error == beast_http::error::header_limit || error == beast_http::error::buffer_overflow) {
        return head_too_large();
    }
    return Error{ErrorCode::bad_response, "the answer is not HTTP/1.1: " + error.message()};
}

bool ResponseReader::Impl::begins_like_http() const noexcept {
    constexpr std::string_view begin = "HTTP/";
    auto const count = std::min(begin.size(), filled - parsed);
    return std::equal(begin.data(), begin.data() + count, buffer.data() + parsed);
}

Error ResponseReader::Impl::not_http() const {
    // A TLS alert: what a TLS server says to a request in clear.
    bool const is_tls = buffer[parsed] == '\x15';
    return Error{ErrorCode::bad_response,
                 is_tls ? "the answer is TLS, not HTTP: use https:// in the address"
                        : "the answer is not HTTP/1.1: check that the address and port are right"};
}

/// Nearly every answer comes at once.
bool ResponseReader::Impl::parse_plain() {
    if (bodiless || filled != total) return false;
    auto const size = read_plain_answer({buffer.data(), filled}, response_bytes_max, *into);
    if (size) parsed = *size;
    return size.has_value();
}

Result<Progress> ResponseReader::Impl::parse() {
    if (!parser) {
        if (parse_plain()) return Progress::done;
        start_parser();
    }
    while (parsed < filled) {
        if (at_start_line && !begins_like_http()) return not_http();
        beast::error_code error;
        auto const left = boost::asio::buffer(buffer.data() + parsed, filled - parsed);
        auto const count = feed(*parser, left, error);
        parsed += count;
        at_start_line = at_start_line && count == 0;
        if (error == beast_http::error::need_more) return Progress::more;
        if (error) return refused(error);
        if (!parser->is_done()) {
            if (count == 0) return Progress::more;
            continue;
        }
        if (into->status >= 200) return Progress::done;
        start_parser();
    }
    return Progress::more;
}

void ResponseReader::Impl::move_rest_to_front() {
    if (parsed != 0 && parsed < filled) {
        std::memmove(buffer.data(), buffer.data() + parsed, filled - parsed);
    }
    filled -= parsed;
    parsed = 0;
}

ResponseReader::ResponseReader(std::size_t response_bytes_max)
    : impl_(std::make_unique<Impl>(response_bytes_max)) {}

ResponseReader::~ResponseReader() = default;

void ResponseReader::begin(Response& into, bool bodiless) {
    impl_->into = &into;
    impl_->bodiless = bodiless;
    impl_->parsed = 0;
    impl_->filled = 0;
    impl_->total = 0;
    impl_->done = false;
    impl_->parser.reset();
    into.status = 0;
}

std::span<char> ResponseReader::space() noexcept {
    return std::span(impl_->buffer).subspan(impl_->filled);
}

Result<Progress> ResponseReader::commit(std::size_t count) {
    auto& state = *impl_;
    assert(state.into != nullptr && !state.done && count <= state.buffer.size() - state.filled);
    state.filled += count;
    state.total += count;
    auto progress = state.parse();
    state.move_rest_to_front();
    if (!progress) return progress;
    if (state.total - (*progress == Progress::done ? state.filled : 0) > state.response_bytes_max) {
        return state.too_large();
    }
    if (*progress == Progress::done) {
        state.done = true;
        return progress;
    }
    if (state.filled == state.buffer.size()) {
        if (state.filled >= head_bytes_max) return state.head_too_large();
        state.buffer.resize(state.buffer.size() * 2);
    }
    return progress;
}

Result<Progress> ResponseReader::close() {
    auto& state = *impl_;
    if (state.done) return Progress::done;
    if (state.total == 0) {
        return Error{ErrorCode::connection, "the connection was closed before an answer came"};
    }
    beast::error_code error = beast_http::error::partial_message;
    if (state.parser && state.parser->got_some()) state.parser->put_eof(error);
    if (error || state.into->status < 200) {
        return Error{ErrorCode::connection,
                     "the connection was closed in the middle of an answer, "
                     "after " +
                         std::to_string(state.total) + " bytes"};
    }
    state.done = true;
    return Progress::done;
}

bool ResponseReader::has_begun() const noexcept {
    return impl_->total != 0;
}

bool ResponseReader::has_rest() const noexcept {
    return impl_->done && impl_->filled != 0;
}

bool ResponseReader::is_reusable() const noexcept {
    if (!impl_->done || has_rest()) return false;
    return !impl_->parser || (impl_->parser->is_done() && impl_->parser->keep_alive());
}

}  // namespace headrace::http
