#include "sinks/http_sink.hpp"

#include "sinks/judgements.hpp"
#include "sinks/peer_text.hpp"
#include "sinks/retry_after.hpp"

#include <utility>

namespace headrace::sinks {
namespace {

[[nodiscard]] flow::FailureReason reason_of(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::timeout:
            return flow::FailureReason::timeout;
        case ErrorCode::tls:
            return flow::FailureReason::tls;
        case ErrorCode::too_large:
        case ErrorCode::bad_response:
            return flow::FailureReason::bad_response;
        default:
            return flow::FailureReason::connection;
    }
}

[[nodiscard]] flow::Judgement transport_failure(Error const& error) {
    // The client would not send it: a header or path of the configuration is at fault.
    if (error.code == ErrorCode::invalid_argument) {
        return judge_blocked(flow::BlockScope::destination, error.message);
    }
    return judge_as(flow::Verdict::retry, reason_of(error.code), error.message);
}

}  // namespace

class HttpSink::Lease {
  public:
    explicit Lease(HttpSink& sink) : sink_(sink) {
        if (sink.idle_.empty()) {
            exchange_ = std::make_unique<Exchange>();
        } else {
            exchange_ = std::move(sink.idle_.back());
            sink.idle_.pop_back();
            sink.idle_bytes_ -= exchange_->counted;
        }
    }
    Lease(Lease const&) = delete;
    Lease& operator=(Lease const&) = delete;
    ~Lease() { sink_.give_back(std::move(exchange_)); }

    Exchange& operator*() const noexcept { return *exchange_; }

  private:
    HttpSink& sink_;
    std::unique_ptr<Exchange> exchange_;
};

HttpSink::HttpSink(std::unique_ptr<Dialect> dialect, boost::asio::any_io_executor executor,
                   HttpSinkSettings settings, Clock const& clock)
    : dialect_(std::move(dialect)),
      client_(std::move(executor), std::move(settings.client), clock),
      idle_bytes_max_(settings.idle_bytes_max),
      clock_(clock) {}

flow::RequestShape HttpSink::shape() const {
    return dialect_->shape();
}

flow::Placement HttpSink::place(flow::Record const& record) {
    return dialect_->place(record);
}

bool HttpSink::is_ready(flow::TargetId target) const {
    return dialect_->is_ready(target);
}

std::variant<flow::Inspection, flow::Refusal> HttpSink::inspect(flow::Record const& record,
                                                                flow::TargetId target) {
    return dialect_->inspect(record, target);
}

std::string HttpSink::target_name(flow::TargetId target) const {
    return dialect_->target_name(target);
}

void HttpSink::collapse(std::span<flow::Record const> records,
                        std::vector<std::uint32_t>& effective) {
    dialect_->collapse(records, effective);
}

boost::asio::awaitable<flow::Judgement> HttpSink::prepare(flow::TargetId target) {
    Lease const lease(*this);
    Exchange& exchange = *lease;
    if (!dialect_->encode_preparation(target, exchange.request)) {
        co_return judge_delivered();
    }
    Result<void> const sent = co_await send(exchange);
    flow::Judgement judgement = sent ? dialect_->judge_preparation(target, exchange.response)
                                     : transport_failure(sent.error());
    finish(judgement, exchange);
    co_return judgement;
}

boost::asio::awaitable<flow::Judgement> HttpSink::write(std::span<flow::Record const> records,
                                                        std::span<std::uint32_t const> effective) {
    Lease const lease(*this);
    Exchange& exchange = *lease;
    dialect_->encode(records, effective, exchange.request);
    Result<void> const sent = co_await send(exchange);
    flow::Judgement judgement = sent ? dialect_->judge(exchange.request, exchange.response)
                                     : transport_failure(sent.error());
    finish(judgement, exchange);
    co_return judgement;
}

boost::asio::awaitable<Result<void>> HttpSink::send(Exchange& exchange) {
    count(exchange);
    http::Request const request{.target = exchange.request.path,
                                .headers = exchange.request.headers,
                                .body = exchange.request.body};
    Result<void> result = co_await client_.exchange(request, exchange.response);
    count(exchange);
    co_return result;
}

void HttpSink::count(Exchange& exchange) noexcept {
    std::size_t const now = exchange.request.body.capacity() + exchange.response.body.capacity();
    held_bytes_ += now - exchange.counted;
    exchange.counted = now;
}

void HttpSink::give_back(std::unique_ptr<Exchange> exchange) noexcept {
    count(*exchange);
    if (idle_bytes_ + exchange->counted > idle_bytes_max_) {
        held_bytes_ -= exchange->counted;
        return;
    }
    exchange->request.clear();
    exchange->response.body.clear();
    exchange->response.headers.clear();
    exchange->response.status = 0;
    idle_bytes_ += exchange->counted;
    idle_.push_back(std::move(exchange));
}

void HttpSink::finish(flow::Judgement& judgement, Exchange const& exchange) const {
    if (judgement.verdict == flow::Verdict::delivered) return;
    judgement.message = clean_peer_text(judgement.message, exchange.request.credential);
    if (judgement.verdict != flow::Verdict::retry) return;
    if (auto const wait = read_retry_after(exchange.response, clock_.wall()))
        judgement.retry_after = wait;
}

}  // namespace headrace::sinks
