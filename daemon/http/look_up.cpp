#include "http/look_up.hpp"

#include <utility>

namespace headrace::http {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

LookUp::LookUp(asio::any_io_executor executor, std::string host, std::uint16_t port)
    : resolver_(std::move(executor)), host_(std::move(host)), port_(port) {}

std::shared_ptr<LookUp::Answer const> LookUp::ask(std::shared_ptr<asio::steady_timer> const& wake) {
    error_code error;
    auto const address = asio::ip::make_address(host_, error);
    if (!error) {
        auto answer = std::make_shared<Answer>();
        answer->done = true;
        answer->endpoints.emplace_back(address, port_);
        return answer;
    }
    if (running_ && !running_->answer->done) {
        running_->waiting.push_back(wake);
        return running_->answer;
    }
    running_ = std::make_shared<Running>();
    running_->waiting.push_back(wake);
    resolver_.async_resolve(
        host_, std::to_string(port_), tcp::resolver::numeric_service,
        [running = running_](error_code failed, tcp::resolver::results_type const& found) {
            running->answer->done = true;
            running->answer->error = failed;
            for (auto const& entry : found)
                running->answer->endpoints.push_back(entry.endpoint());
            for (auto const& waiting : running->waiting)
                waiting->cancel();
            running->waiting.clear();
        });
    return running_->answer;
}

}  // namespace headrace::http
