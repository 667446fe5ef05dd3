#include "http/decompress.hpp"

#include "http/message.hpp"
#include "http/server_wire.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <new>
#include <zlib.h>
#include <zstd.h>

namespace headrace::http {
namespace {

/// What is asked for first, and added when it is full.
constexpr std::size_t step_bytes = 64U << 10;
/// With zlib's largest window; gzip's header alone, not zlib's own.
constexpr int gzip_window_bits = 15 + 16;
/// 8 MB, as RFC 9659 has it for HTTP.
constexpr int zstd_window_bits_max = 23;

Error not_coded(ContentCoding coding, std::string_view what) {
    return Error{ErrorCode::invalid_argument,
                 "the body is not " + std::string(to_string(coding)) + ": " + std::string(what)};
}

Error too_large(std::size_t bytes_max) {
    return Error{ErrorCode::too_large,
                 "unpacked the body is larger than " + std::to_string(bytes_max) + " bytes"};
}

/// Room to write into, never more than one byte beyond the limit: that byte says that it is passed.
class Output {
  public:
    explicit Output(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    /// Makes room; false if the limit is passed.
    [[nodiscard]] bool grow() {
        if (size_ > bytes_max_) return false;
        auto const more = std::max(step_bytes, text_.size());
        if (size_ == text_.size()) text_.resize(std::min(text_.size() + more, bytes_max_ + 1));
        return true;
    }
    [[nodiscard]] char* at() noexcept { return text_.data() + size_; }
    [[nodiscard]] std::size_t room() const noexcept { return text_.size() - size_; }
    void wrote(std::size_t bytes) noexcept { size_ += bytes; }

    [[nodiscard]] Result<std::string> finish() {
        if (size_ > bytes_max_) return too_large(bytes_max_);
        text_.resize(size_);
        return std::move(text_);
    }

  private:
    std::size_t const bytes_max_;
    std::string text_;
    std::size_t size_ = 0;
};

class Inflater {
  public:
    Inflater() {
        if (inflateInit2(&stream, gzip_window_bits) != Z_OK) throw std::bad_alloc();
    }
    Inflater(Inflater const&) = delete;
    Inflater& operator=(Inflater const&) = delete;
    ~Inflater() { inflateEnd(&stream); }

    z_stream stream{};
};

Result<std::string> gunzip(std::string_view body, std::size_t bytes_max) {
    if (body.size() > std::numeric_limits<uInt>::max()) return too_large(bytes_max);
    Inflater inflater;
    auto& stream = inflater.stream;
    // zlib's interface knows no const; it does not write there.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
    stream.avail_in = static_cast<uInt>(body.size());
    Output output(bytes_max);
    while (true) {
        if (!output.grow()) return too_large(bytes_max);
        auto const room = std::min<std::size_t>(output.room(), std::numeric_limits<uInt>::max());
        stream.next_out = reinterpret_cast<Bytef*>(output.at());
        stream.avail_out = static_cast<uInt>(room);
        auto const said = inflate(&stream, Z_NO_FLUSH);
        output.wrote(room - stream.avail_out);
        if (said == Z_STREAM_END) {
            if (stream.avail_in == 0) return output.finish();
            // A file may hold several members, one behind the other.
            inflateReset(&stream);
            continue;
        }
        if (said != Z_OK && said != Z_BUF_ERROR)
            return not_coded(ContentCoding::gzip, stream.msg == nullptr ? "broken" : stream.msg);
        if (stream.avail_in == 0 && stream.avail_out != 0)
            return not_coded(ContentCoding::gzip, "it ends too early");
    }
}

struct FreeContext {
    void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

Result<std::string> unzstd(std::string_view body, std::size_t bytes_max) {
    std::unique_ptr<ZSTD_DCtx, FreeContext> const context(ZSTD_createDCtx());
    if (!context) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, zstd_window_bits_max);
    ZSTD_inBuffer in{body.data(), body.size(), 0};
    Output output(bytes_max);
    while (true) {
        if (!output.grow()) return too_large(bytes_max);
        ZSTD_outBuffer out{output.at(), output.room(), 0};
        // 0 at the end of a frame, of which a body may hold several.
        auto const left = ZSTD_decompressStream(context.get(), &out, &in);
        output.wrote(out.pos);
        if (ZSTD_isError(left) != 0) return not_coded(ContentCoding::zstd, ZSTD_getErrorName(left));
        if (left == 0 && in.pos == in.size) return output.finish();
        if (in.pos == in.size && output.room() != 0)
            return not_coded(ContentCoding::zstd, "it ends too early");
    }
}

}  // namespace

Result<std::string> decompress(ContentCoding coding, std::string_view body, std::size_t bytes_max) {
    switch (coding) {
        case ContentCoding::gzip:
            return gunzip(body, bytes_max);
        case ContentCoding::zstd:
            return unzstd(body, bytes_max);
        case ContentCoding::identity:
            break;
    }
    if (body.size() > bytes_max) return too_large(bytes_max);
    return std::string(body);
}

std::optional<ServerResponse> decode_body(ServerRequest& request, std::size_t bytes_max) {
    static constexpr std::string_view name = "Content-Encoding";
    auto const is_coding = [](auto const& header) { return same_name(header.first, name); };
    auto const times = std::count_if(request.headers.begin(), request.headers.end(), is_coding);
    if (times == 0) return std::nullopt;
    auto const coding = find_content_coding(request.header(name));
    if (!coding || times > 1) {
        auto response = refusal(415, "a request body may be gzip or zstd, and only one of them");
        response.headers.emplace_back("Accept-Encoding", "gzip, zstd");
        return response;
    }
    auto plain = decompress(*coding, request.body, bytes_max);
    if (!plain) {
        bool const is_large = plain.error().code == ErrorCode::too_large;
        return refusal(is_large ? 413 : 400, plain.error().message);
    }
    request.body = std::move(plain).value();
    std::erase_if(request.headers, is_coding);
    return std::nullopt;
}

}  // namespace headrace::http
