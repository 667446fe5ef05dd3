// TLS on loopback in front of a peer that speaks in clear, as a gateway has it. Which certificate
// it shows, and whether it asks for the client's, may change while it runs. Thread safety: one
// thread of the tests; connections live on a thread of its own.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include <cstdint>
#include <memory>

namespace headrace::integration {

class TlsFront {
  public:
    using Context = std::shared_ptr<boost::asio::ssl::context>;

    TlsFront(std::uint16_t upstream, Context context);
    ~TlsFront();
    TlsFront(TlsFront const&) = delete;
    TlsFront& operator=(TlsFront const&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept;
    /// Shows another certificate from now on, and ends every connection that is open.
    void use(Context context);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace headrace::integration
