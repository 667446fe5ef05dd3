#include "ops/admin_server.hpp"

#include <utility>

namespace headrace::ops {
namespace {

http::ServerSettings to_server_settings(AdminSettings const& settings) {
    http::ServerSettings server;
    server.address = settings.address;
    server.port = settings.port;
    // Nothing here takes a body, and few look at it at once.
    server.body_bytes_max = 4096;
    server.connections_max = 64;
    return server;
}

boost::asio::awaitable<http::ServerResponse> answer(std::shared_ptr<AdminAnswers const> answers,
                                                    http::ServerRequest const& request) {
    co_return answers->answer(request);
}

}  // namespace

struct AdminServer::Impl {
    Impl(boost::asio::any_io_executor executor, AdminSettings const& settings,
         std::shared_ptr<AdminAnswers const> answers)
        : server(std::move(executor), to_server_settings(settings),
                 [answers = std::move(answers)](http::ServerRequest& request) {
                     return answer(answers, request);
                 }) {}

    http::Server server;
};

AdminServer::AdminServer(boost::asio::any_io_executor executor, AdminSettings settings,
                         AdminSources sources, Clock const& clock)
    : impl_(std::make_unique<Impl>(
          std::move(executor), settings,
          std::make_shared<AdminAnswers const>(std::move(sources), clock))) {}

AdminServer::~AdminServer() = default;

Result<void> AdminServer::start() {
    if (auto started = impl_->server.start(); !started) {
        return started.error().with_prefix("admin.listen: ");
    }
    return {};
}

std::uint16_t AdminServer::port() const noexcept {
    return impl_->server.port();
}

void AdminServer::stop() {
    impl_->server.stop();
}

}  // namespace headrace::ops
