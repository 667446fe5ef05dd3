#include "base/clock.hpp"
#include "commands/commands.hpp"
#include "config/admin_address.hpp"
#include "http/client.hpp"
#include "http/url.hpp"
#include "sinks/peer_text.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <ostream>

namespace headrace::commands {
namespace {

// Together below the time-out that container runtimes and the chart give a check.
constexpr Duration connect_limit = std::chrono::seconds(2);
constexpr Duration answer_limit = std::chrono::seconds(3);
constexpr std::size_t answer_bytes_max = 64U << 10;

constexpr int status_ok = 200;
constexpr int status_unavailable = 503;

/// Where to ask, and what the line should say besides.
struct Peer {
    http::Url url;
    std::string note{};  ///< Why it is not what was asked for; empty if it is.
};

/// Reads HOST:PORT, where the host may be a name.
Result<http::Url> parse_admin(std::string const& text) {
    auto url = http::parse_url("http://" + text + "/");
    auto const colon = text.rfind(':');
    bool const has_port = colon != std::string::npos && text.find(']', colon) == std::string::npos;
    if (!url || !has_port || url->path != "/") {
        return Error{ErrorCode::invalid_argument,
                     "--admin must be HOST:PORT, such as 127.0.0.1:9464 or [::1]:9464"};
    }
    // As admin.listen has it.
    if (url->host == "localhost") url->host = "127.0.0.1";
    return url;
}

/// Whoever listens on all addresses answers on the loopback.
http::Url reachable(ops::AdminSettings const& settings) {
    http::Url url{.host = settings.address, .port = settings.port};
    if (url.host == "0.0.0.0") url.host = "127.0.0.1";
    if (url.host == "::") url.host = "::1";
    return url;
}

Result<Peer> find_peer(HealthcheckCommand const& command) {
    if (!command.admin.empty()) {
        auto url = parse_admin(command.admin);
        if (!url) return url.error();
        return Peer{std::move(*url)};
    }
    if (command.config.empty()) return Peer{reachable({})};
    auto const settings = config::read_admin_address(command.config, config::Environment::system());
    // A daemon that runs well must not be restarted because its file is just being changed.
    if (!settings) {
        return Peer{reachable({}), "the default address, since " + command.config +
                                       " says none: " + settings.error().message};
    }
    if (settings->port == 0) {
        return Error{ErrorCode::invalid_config,
                     command.config +
                         ": admin.listen takes any free port, which the daemon's log names: give "
                         "--admin HOST:PORT, or the file a port"};
    }
    return Peer{reachable(*settings)};
}

boost::asio::awaitable<void> ask(http::Client& client, http::Request const& request,
                                 http::Response& response, Result<void>& result) {
    result = co_await client.exchange(request, response);
}

Result<http::Response> get(http::Url const& url, std::string_view path) {
    boost::asio::io_context io(1);
    SystemClock const clock;
    http::ClientSettings settings;
    settings.url = url;
    settings.connect_timeout = connect_limit;
    settings.request_timeout = answer_limit;
    settings.response_bytes_max = answer_bytes_max;
    settings.connections_max = 1;
    http::Client client(io.get_executor(), settings, clock);
    http::Request const request{.method = "GET", .target = path};
    http::Response response;
    Result<void> result = Error{ErrorCode::timeout, "no answer in time"};
    // The client's timers would keep the loop going after the answer.
    boost::asio::co_spawn(io, ask(client, request, response, result),
                          [&](std::exception_ptr) { io.stop(); });
    io.run_for(connect_limit + answer_limit + std::chrono::seconds(1));
    if (!result) return result.error();
    return response;
}

}  // namespace

int execute(HealthcheckCommand const& command, Streams streams) {
    auto const peer = find_peer(command);
    if (!peer) {
        streams.err << "healthcheck: " << peer.error().message << '\n';
        return peer.error().code == ErrorCode::invalid_argument ? exit_usage : exit_failure;
    }
    std::string_view const path = command.ready ? "/readyz" : "/healthz";
    std::string_view const wanted = command.ready ? "ready" : "healthy";
    auto const where = http::host_and_port(peer->url);
    auto const note = peer->note.empty() ? "" : " (" + peer->note + ")";
    auto const answer = get(peer->url, path);
    if (!answer) {
        streams.err << where << " does not answer: " << answer.error().message
                    << "; is the daemon running, and is this its admin.listen?" << note << '\n';
        return exit_failure;
    }
    if (answer->status == status_ok) {
        streams.out << where << " is " << wanted << note << '\n';
        return exit_ok;
    }
    if (answer->status == status_unavailable) {
        streams.err << where << " is not " << wanted << ": "
                    << sinks::clean_peer_text(answer->body, {}) << note << '\n';
        return exit_failure;
    }
    streams.err << where << " answers " << path << " with HTTP " << answer->status
                << ": what listens there is no headrace; name its admin.listen with --admin" << note
                << '\n';
    return exit_failure;
}

}  // namespace headrace::commands
