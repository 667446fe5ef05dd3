#include "http/look_up.hpp"

#include "base/thread_name.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace headrace::http {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

namespace {

LookUp::Answer ask_system(std::string const& host, std::uint16_t port) {
    LookUp::Answer answer;
    answer.done = true;
    // Never run: it only carries the resolver, which asks on this thread.
    asio::io_context context;
    auto const found = tcp::resolver(context).resolve(host, std::to_string(port),
                                                      tcp::resolver::numeric_service, answer.error);
    for (auto const& entry : found)
        answer.endpoints.push_back(entry.endpoint());
    return answer;
}

}  // namespace

struct LookUp::Running {
    std::shared_ptr<Answer> answer = std::make_shared<Answer>();
    std::vector<std::shared_ptr<asio::steady_timer>> waiting;

    void finish(Answer found) {
        *answer = std::move(found);
        for (auto const& wake : waiting)
            wake->cancel();
        waiting.clear();
    }
};

/// Where a look-up's thread hands in its answer. It outlives a LookUp that was given up, whose
/// executor may be gone by then.
struct LookUp::Desk {
    explicit Desk(asio::any_io_executor given) : executor(std::move(given)) {}

    void hand_in(std::weak_ptr<Running> running, Answer found) {
        std::lock_guard const lock(mutex);
        if (!is_open) return;
        asio::post(executor, [running = std::move(running), found = std::move(found)]() mutable {
            if (auto const still = running.lock()) still->finish(std::move(found));
        });
    }

    void close() {
        std::lock_guard const lock(mutex);
        is_open = false;
    }

    std::mutex mutex;
    bool is_open = true;
    asio::any_io_executor executor;
};

LookUp::LookUp(asio::any_io_executor executor, std::string host, std::uint16_t port)
    : desk_(std::make_shared<Desk>(std::move(executor))), host_(std::move(host)), port_(port) {}

LookUp::~LookUp() {
    cancel();
}

void LookUp::cancel() {
    desk_->close();
}

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
    try {
        std::thread([desk = desk_, running = std::weak_ptr(running_), host = host_, port = port_] {
            name_thread("hr-look-up");
            desk->hand_in(running, ask_system(host, port));
        }).detach();
        running_->waiting.push_back(wake);
    } catch (std::system_error const&) {
        running_->answer->done = true;
        running_->answer->error =
            make_error_code(boost::system::errc::resource_unavailable_try_again);
    }
    return running_->answer;
}

}  // namespace headrace::http
