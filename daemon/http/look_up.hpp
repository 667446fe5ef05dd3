// Asks the system for the addresses of one host, again for every connection that is opened, but
// once for those that open together. The system's look-up cannot be cut short: each runs on a
// thread of its own that is left behind when nobody waits any more, so that a resolver that hangs
// holds up neither another host's look-up nor the end of the process. Used by connection.cpp.
// Thread safety: an instance belongs to its io_context's thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace headrace::http {

class LookUp {
  public:
    struct Answer {
        bool done = false;
        boost::system::error_code error;
        std::vector<boost::asio::ip::tcp::endpoint> endpoints;
    };

    LookUp(boost::asio::any_io_executor executor, std::string host, std::uint16_t port);
    ~LookUp();
    LookUp(LookUp const&) = delete;
    LookUp& operator=(LookUp const&) = delete;

    /// Starts a look-up or joins the one under way. `wake` is cancelled once the answer is done; if
    /// it is done already, it is not.
    [[nodiscard]] std::shared_ptr<Answer const> ask(
        std::shared_ptr<boost::asio::steady_timer> const& wake);

    /// Gives up what is under way: whoever waits is not woken by it any more. To be called before
    /// the io_context goes away.
    void cancel();

  private:
    struct Running;
    struct Desk;

    std::shared_ptr<Desk> desk_;
    std::string host_;
    std::uint16_t port_;
    std::shared_ptr<Running> running_;
};

}  // namespace headrace::http
