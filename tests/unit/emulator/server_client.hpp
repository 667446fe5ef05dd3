// Drives an emulator over a real socket: one io_context, the HTTP client of ours, a bound on every
// wait.
#pragma once

#include "base/clock.hpp"
#include "emulator/emulator_server.hpp"
#include "http/client.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace headrace::emulator::test {

inline http::ClientSettings client_settings(std::uint16_t port) {
    http::ClientSettings settings;
    settings.url.host = "127.0.0.1";
    settings.url.port = port;
    settings.connect_timeout = std::chrono::seconds(5);
    settings.request_timeout = std::chrono::seconds(10);
    settings.idle_timeout = std::chrono::seconds(10);
    settings.response_bytes_max = 8U << 20;
    settings.connections_max = 64;
    return settings;
}

struct Exchange {
    std::optional<Result<void>> result;
    http::Response response;

    [[nodiscard]] bool is_done() const { return result.has_value(); }
};

/// One request on its way; the result stands in `exchange`, which outlives the io_context's work.
inline boost::asio::awaitable<void> send(http::Client& client, std::string method,
                                         std::string target, std::string body,
                                         std::vector<std::pair<std::string, std::string>> headers,
                                         Exchange& exchange) {
    static constexpr std::string_view get = "GET";
    static constexpr std::string_view post = "POST";
    http::Request request;
    request.method = method == "GET" ? get : post;
    request.target = target;
    request.headers = headers;
    request.body = body;
    exchange.result = co_await client.exchange(request, exchange.response);
}

/// Runs the io_context until `done` or ten seconds are over; says which.
template <class Done>
bool run_until(boost::asio::io_context& io, Done&& done) {
    SystemClock const clock;
    auto const deadline = clock.now() + std::chrono::seconds(10);
    if (io.stopped()) io.restart();
    while (!done()) {
        if (clock.now() > deadline) return false;
        io.run_one_for(std::chrono::milliseconds(100));
    }
    return true;
}

}  // namespace headrace::emulator::test
