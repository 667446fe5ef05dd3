#include "http/server.hpp"
#include "streams.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch_test_macros.hpp>

#include <map>
#include <thread>

using namespace headrace;
using namespace headrace::commands;
using namespace headrace::commands_test;
namespace asio = boost::asio;

namespace {

struct Answer {
    int status = 200;
    std::string body = "[]\n";
};

/// Answers as a daemon would, on a thread of its own; a path without an answer is never answered.
class AdminDouble {
  public:
    explicit AdminDouble(std::map<std::string, Answer> answers,
                         std::string const& address = "127.0.0.1")
        : server_(io_.get_executor(), settings(address),
                  [answers = std::move(answers)](http::ServerRequest& request) {
                      return answer(answers, request);
                  }) {
        is_up = server_.start().has_value();
        thread_ = std::thread([this] { io_.run(); });
    }
    ~AdminDouble() {
        io_.stop();
        thread_.join();
    }
    [[nodiscard]] std::string port() const { return std::to_string(server_.port()); }

    bool is_up = false;

  private:
    static http::ServerSettings settings(std::string const& address) {
        http::ServerSettings settings;
        settings.address = address;
        return settings;
    }
    static asio::awaitable<http::ServerResponse> answer(
        std::map<std::string, Answer> const& answers, http::ServerRequest& request) {
        http::ServerResponse response;
        auto const found = answers.find(std::string(request.path()));
        if (found == answers.end()) {
            asio::steady_timer never(co_await asio::this_coro::executor);
            never.expires_at(asio::steady_timer::time_point::max());
            co_await never.async_wait(asio::use_awaitable);
        }
        response.status = found->second.status;
        response.body = found->second.body;
        co_return response;
    }

    asio::io_context io_{1};
    http::Server server_;
    std::thread thread_;
};

}  // namespace

TEST_CASE("a healthy daemon is 0 and says so in one line") {
    AdminDouble const daemon({{"/healthz", {}}, {"/readyz", {503, "[\"clicks: broken\"]\n"}}});
    Captured captured;
    auto const where = "127.0.0.1:" + daemon.port();
    CHECK(execute(HealthcheckCommand{false, where}, captured.streams) == exit_ok);
    CHECK(captured.out.str() == where + " is healthy\n");
    CHECK(captured.err.str().empty());
}

TEST_CASE("a daemon that is not ready is 1 and the line says why") {
    AdminDouble const daemon({{"/healthz", {}}, {"/readyz", {503, "[\"clicks: broken\"]\n"}}});
    Captured captured;
    auto const where = "127.0.0.1:" + daemon.port();
    CHECK(execute(HealthcheckCommand{true, where}, captured.streams) == exit_failure);
    CHECK(captured.err.str() == where + " is not ready: [\"clicks: broken\"]\n");
    CHECK(captured.out.str().empty());
}

TEST_CASE("the address is that of the configuration, also when the rest of it is wrong") {
    AdminDouble const daemon({{"/healthz", Answer{}}});
    Folder const folder;
    auto const config = folder.write(
        "c.yaml", "admin: {listen: '0.0.0.0:" + daemon.port() + "'}\nroutes: nonsense\n");
    Captured captured;
    CHECK(execute(HealthcheckCommand{false, "", config}, captured.streams) == exit_ok);
    CHECK(captured.out.str() == "127.0.0.1:" + daemon.port() + " is healthy\n");
}

TEST_CASE("an IPv6 address is asked in brackets") {
    AdminDouble const daemon({{"/healthz", Answer{}}}, "::1");
    if (!daemon.is_up) SKIP("this machine has no ::1");
    Captured captured;
    CHECK(execute(HealthcheckCommand{false, "[::1]:" + daemon.port()}, captured.streams) ==
          exit_ok);
    Folder const folder;
    auto const config = folder.write("c.yaml", "admin: {listen: '[::]:" + daemon.port() + "'}\n");
    CHECK(execute(HealthcheckCommand{false, "", config}, captured.streams) == exit_ok);
    CHECK(captured.out.str().ends_with("[::1]:" + daemon.port() + " is healthy\n"));
}

TEST_CASE("nobody there is 1 and asks whether the daemon runs") {
    std::string port;
    {
        AdminDouble const gone({{"/healthz", Answer{}}});
        port = gone.port();
    }
    Captured captured;
    CHECK(execute(HealthcheckCommand{false, "localhost:" + port}, captured.streams) ==
          exit_failure);
    CHECK(captured.err.str().find("127.0.0.1:" + port + " does not answer") == 0);
    CHECK(captured.err.str().find("is the daemon running") != std::string::npos);
}

TEST_CASE("a daemon that hangs is 1 within seconds") {
    AdminDouble const daemon({{"/other", Answer{}}});
    Captured captured;
    CHECK(execute(HealthcheckCommand{false, "127.0.0.1:" + daemon.port()}, captured.streams) ==
          exit_failure);
    CHECK(captured.err.str().find("does not answer") != std::string::npos);
}

TEST_CASE("another server on the port is 1 and told as such") {
    AdminDouble const other({{"/healthz", Answer{404, "nothing here"}}});
    Captured captured;
    CHECK(execute(HealthcheckCommand{false, "127.0.0.1:" + other.port()}, captured.streams) ==
          exit_failure);
    CHECK(captured.err.str().find("is no headrace") != std::string::npos);
}

TEST_CASE("an answer cannot forge lines in the terminal or the journal") {
    AdminDouble const daemon({{"/healthz", Answer{503, "a\nb\x1b[2J" + std::string(5000, 'x')}}});
    Captured captured;
    CHECK(execute(HealthcheckCommand{false, "127.0.0.1:" + daemon.port()}, captured.streams) ==
          exit_failure);
    auto const line = captured.err.str();
    CHECK(line.find('\n') == line.size() - 1);
    CHECK(line.find('\x1b') == std::string::npos);
    CHECK(line.size() < 1200);
}

TEST_CASE("a port that only the log knows is told, not guessed") {
    Folder const folder;
    Captured captured;
    auto const config = folder.write("c.yaml", "admin: {listen: '127.0.0.1:0'}\n");
    CHECK(execute(HealthcheckCommand{false, "", config}, captured.streams) == exit_failure);
    CHECK(captured.err.str().find("--admin HOST:PORT") != std::string::npos);
}

TEST_CASE("what is not HOST:PORT is wrong usage") {
    for (auto const* const text : {"9464", "localhost", "[::1]", "127.0.0.1:port", "a:1/path",
                                   "http://a:1", "user:secret@a:1", "127.0.0.1:0", " "}) {
        INFO(text);
        Captured captured;
        CHECK(execute(HealthcheckCommand{false, text}, captured.streams) == exit_usage);
        CHECK(captured.err.str().find("HOST:PORT") != std::string::npos);
    }
}
