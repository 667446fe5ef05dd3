/// A connected socket that never waits, plain or with TLS: what floor and sink read and write.
/// It knows nothing of HTTP. Not thread-safe.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cerrno>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace headrace::bench {

struct SslFree {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Tls = std::unique_ptr<SSL_CTX, SslFree>;

/// What became of a read or a write; `bytes` counts when it is `done`.
struct Moved {
    enum class What {
        done,     ///< Some bytes were moved.
        blocked,  ///< Nothing for now: wait for the socket.
        closed,   ///< The peer went, or the connection broke.
    };
    What what = What::closed;
    std::size_t bytes = 0;
};

class Stream {
  public:
    Stream() = default;
    explicit Stream(int descriptor) : descriptor_(descriptor) {}
    ~Stream() { close(); }
    Stream(Stream&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)), ssl_(std::move(other.ssl_)) {}
    Stream& operator=(Stream&& other) noexcept {
        close();
        descriptor_ = std::exchange(other.descriptor_, -1);
        ssl_ = std::move(other.ssl_);
        return *this;
    }

    [[nodiscard]] int descriptor() const { return descriptor_; }
    [[nodiscard]] bool is_tls() const { return ssl_ != nullptr; }

    void accept_tls(SSL_CTX* context) {
        begin_tls(context);
        SSL_set_accept_state(ssl_.get());
    }
    void connect_tls(SSL_CTX* context) {
        begin_tls(context);
        SSL_set_connect_state(ssl_.get());
    }

    Moved read(char* to, std::size_t room) {
        if (ssl_ != nullptr) return sorted(SSL_read(ssl_.get(), to, static_cast<int>(room)));
        auto const got = ::recv(descriptor_, to, room, 0);
        return got == 0 ? Moved{} : sorted_plain(got);
    }
    Moved write(std::string_view from) {
        if (ssl_ == nullptr)
            return sorted_plain(::send(descriptor_, from.data(), from.size(), MSG_NOSIGNAL));
        return sorted(SSL_write(ssl_.get(), from.data(), static_cast<int>(from.size())));
    }

    void close() {
        ssl_.reset();
        if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
    }

  private:
    void begin_tls(SSL_CTX* context) {
        ssl_.reset(SSL_new(context));
        SSL_set_fd(ssl_.get(), descriptor_);
        SSL_set_mode(ssl_.get(),
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    }
    static Moved sorted_plain(ssize_t moved) {
        if (moved >= 0) return {Moved::What::done, static_cast<std::size_t>(moved)};
        bool const waits = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
        return {waits ? Moved::What::blocked : Moved::What::closed, 0};
    }
    Moved sorted(int moved) {
        if (moved > 0) return {Moved::What::done, static_cast<std::size_t>(moved)};
        auto const error = SSL_get_error(ssl_.get(), moved);
        ERR_clear_error();
        bool const waits = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
        return {waits ? Moved::What::blocked : Moved::What::closed, 0};
    }

    int descriptor_ = -1;
    std::unique_ptr<SSL, SslFree> ssl_;
};

/// A context for clients, which trusts any certificate: what is measured is the cipher's cost.
inline Tls client_tls() {
    return Tls{SSL_CTX_new(TLS_client_method())};
}

/// A context for servers. Throws where a file is unusable.
inline Tls server_tls(std::string const& certificate, std::string const& key) {
    Tls context{SSL_CTX_new(TLS_server_method())};
    if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) {
        throw std::runtime_error("the certificate or its key cannot be used");
    }
    return context;
}

}  // namespace headrace::bench
