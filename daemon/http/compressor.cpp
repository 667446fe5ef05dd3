#include "http/compressor.hpp"

#include <cassert>
#include <limits>
#include <new>
#include <zlib.h>
#include <zstd.h>

namespace headrace::http {
namespace {

/// zlib's own default windows and tables, behind gzip's header.
constexpr int gzip_window_bits = 15 + 16;
constexpr int gzip_memory_level = 8;
/// What zlib's documentation says of them, and its state.
constexpr std::size_t gzip_context_bytes = (1U << 17) + (1U << 17) + 6 * 1024;
/// libzstd has more, which HTTP forbids: their windows are larger than 8 MB (RFC 9659).
constexpr int zstd_level_max = 19;

class Gzip {
  public:
    explicit Gzip(int level) {
        auto const made = deflateInit2(&stream_, level, Z_DEFLATED, gzip_window_bits,
                                       gzip_memory_level, Z_DEFAULT_STRATEGY);
        if (made != Z_OK) throw std::bad_alloc();
    }
    Gzip(Gzip const&) = delete;
    Gzip& operator=(Gzip const&) = delete;
    ~Gzip() { deflateEnd(&stream_); }

    /// The length of the result; 0 if there is none.
    [[nodiscard]] std::size_t compress(std::string_view body, std::string& out) {
        if (body.size() > std::numeric_limits<uInt>::max() / 2) return 0;
        deflateReset(&stream_);
        out.resize(deflateBound(&stream_, body.size()));
        // zlib's interface knows no const; it does not write there.
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
        stream_.avail_in = static_cast<uInt>(body.size());
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = static_cast<uInt>(out.size());
        return deflate(&stream_, Z_FINISH) == Z_STREAM_END ? stream_.total_out : 0;
    }

  private:
    z_stream stream_{};
};

struct FreeContext {
    void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
};

class Zstd {
  public:
    explicit Zstd(int level) : context_(ZSTD_createCCtx()) {
        if (!context_) throw std::bad_alloc();
        ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level);
    }

    /// The length of the result; 0 if there is none.
    [[nodiscard]] std::size_t compress(std::string_view body, std::string& out) {
        out.resize(ZSTD_compressBound(body.size()));
        auto const size =
            ZSTD_compress2(context_.get(), out.data(), out.size(), body.data(), body.size());
        return ZSTD_isError(size) != 0 ? 0 : size;
    }
    [[nodiscard]] std::size_t bytes() const noexcept { return ZSTD_sizeof_CCtx(context_.get()); }

  private:
    std::unique_ptr<ZSTD_CCtx, FreeContext> context_;
};

}  // namespace

struct Compressor::Impl {
    std::optional<Gzip> gzip;
    std::optional<Zstd> zstd;
};

int compression_level_max(ContentCoding coding) noexcept {
    return coding == ContentCoding::zstd ? zstd_level_max : Z_BEST_COMPRESSION;
}

Compressor::Compressor(CompressionSettings settings) : impl_(std::make_unique<Impl>()) {
    auto const level = settings.level == 0 ? compression_level_default : settings.level;
    assert(settings.coding != ContentCoding::identity);
    assert(level >= 1 && level <= compression_level_max(settings.coding));
    if (settings.coding == ContentCoding::zstd) {
        impl_->zstd.emplace(level);
    } else {
        impl_->gzip.emplace(level);
    }
}

Compressor::~Compressor() = default;

ContentCoding Compressor::coding() const noexcept {
    return impl_->zstd ? ContentCoding::zstd : ContentCoding::gzip;
}

bool Compressor::compress(std::string_view body, std::string& out) {
    auto const size =
        impl_->zstd ? impl_->zstd->compress(body, out) : impl_->gzip->compress(body, out);
    if (size == 0 || size >= body.size()) return false;
    out.resize(size);
    return true;
}

std::size_t Compressor::bytes() const noexcept {
    return impl_->zstd ? impl_->zstd->bytes() : gzip_context_bytes;
}

}  // namespace headrace::http
