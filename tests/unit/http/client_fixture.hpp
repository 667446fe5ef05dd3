// A client, a clock moved by hand and a context to run them: what the client's tests share.
#pragma once

#include "fakes/manual_clock.hpp"
#include "http/client.hpp"
#include "run.hpp"
#include "scripted_peer.hpp"

#include <memory>
#include <string>

namespace headrace::http::testing {

inline ClientSettings settings_for(std::uint16_t port, std::string host = "127.0.0.1") {
    ClientSettings settings;
    settings.url = {.tls = false, .host = std::move(host), .port = port, .path = "/"};
    settings.connect_timeout = std::chrono::seconds(5);
    settings.request_timeout = std::chrono::seconds(30);
    settings.idle_timeout = std::chrono::seconds(20);
    settings.response_bytes_max = 1U << 20;
    settings.connections_max = 8;
    return settings;
}

struct ClientFixture {
    void make(ClientSettings settings) {
        client = std::make_unique<Client>(io.get_executor(), std::move(settings), clock);
    }
    ~ClientFixture() {
        client.reset();
        io.restart();
        io.poll();
    }
    Started<Result<void>> start(std::string_view body = "body") {
        request.target = "/path";
        request.body = body;
        return Started<Result<void>>(io, client->exchange(request, response));
    }
    Result<void> exchange(std::string_view body = "body") { return start(body).finish(); }
    /// Runs what is ready now.
    void settle() {
        io.restart();
        io.poll();
    }

    boost::asio::io_context io;
    fakes::ManualClock clock;
    std::unique_ptr<Client> client;
    Request request;
    Response response;
};

}  // namespace headrace::http::testing
