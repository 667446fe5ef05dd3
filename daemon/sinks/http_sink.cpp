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

/// The buffers of one exchange, and how much of them is counted as held.
struct Exchange {
    EncodedRequest request;
    http::Response response;
    std::size_t counted = 0;
};

[[nodiscard]] flow::Judgement transport_failure(Error const& error) {
    // The client would not send it: a header or path of the configuration is at fault. A proxy that
    // refuses for good needs the operator too.
    if (error.code == ErrorCode::invalid_argument || error.code == ErrorCode::permission) {
        return judge_blocked(flow::BlockScope::destination, error.message);
    }
    return judge_as(flow::Verdict::retry, reason_of(error.code), error.message);
}

}  // namespace

/// What an exchange needs after its wait: the dialect, and the buffers for the next exchanges.
struct HttpSink::Core {
    std::unique_ptr<Dialect> dialect;
    Clock const& clock;
    std::size_t idle_bytes_max = 0;
    std::vector<std::unique_ptr<Exchange>> idle;
    std::size_t idle_bytes = 0;
    std::size_t held_bytes = 0;

    [[nodiscard]] std::unique_ptr<Exchange> take() {
        if (idle.empty()) return std::make_unique<Exchange>();
        auto exchange = std::move(idle.back());
        idle.pop_back();
        idle_bytes -= exchange->counted;
        return exchange;
    }

    void count(Exchange& exchange) noexcept {
        std::size_t const now =
            exchange.request.body.capacity() + exchange.response.body.capacity();
        held_bytes += now - exchange.counted;
        exchange.counted = now;
    }

    void give_back(std::unique_ptr<Exchange> exchange) {
        count(*exchange);
        if (idle_bytes + exchange->counted > idle_bytes_max) {
            held_bytes -= exchange->counted;
            return;
        }
        exchange->request.clear();
        // The headers stay, so that the next answer's are written over them.
        exchange->response.status = 0;
        exchange->response.body.clear();
        idle_bytes += exchange->counted;
        idle.push_back(std::move(exchange));
    }

    /// The answer's judgement by `judge`, or the transport's failure; with the times and words that
    /// every dialect leaves to us.
    template <class Judge>
    [[nodiscard]] flow::Judgement conclude(Exchange const& exchange, Result<void> const& sent,
                                           Judge judge) const {
        flow::Judgement judgement = sent ? judge() : transport_failure(sent.error());
        if (judgement.verdict == flow::Verdict::delivered) return judgement;
        judgement.message = clean_peer_text(judgement.message, exchange.request.credential);
        if (!sent || judgement.verdict != flow::Verdict::retry) return judgement;
        if (auto const wait = read_retry_after(exchange.response, clock.wall()))
            judgement.retry_after = wait;
        return judgement;
    }
};

/// Takes an exchange and gives it back, also when the coroutine is destroyed while it waits.
class HttpSink::Lease {
  public:
    explicit Lease(std::shared_ptr<Core> owner)
        : core_(std::move(owner)), exchange_(core_->take()) {}
    Lease(Lease const&) = delete;
    Lease& operator=(Lease const&) = delete;
    ~Lease() { core_->give_back(std::move(exchange_)); }

    [[nodiscard]] Core& core() const noexcept { return *core_; }
    [[nodiscard]] Exchange& exchange() const noexcept { return *exchange_; }

    /// The encoded request as the client takes it.
    [[nodiscard]] http::Request request() const {
        core_->count(*exchange_);
        return {.target = exchange_->request.path,
                .headers = exchange_->request.headers,
                .body = exchange_->request.body};
    }

  private:
    std::shared_ptr<Core> core_;
    std::unique_ptr<Exchange> exchange_;
};

HttpSink::HttpSink(std::unique_ptr<Dialect> dialect, boost::asio::any_io_executor executor,
                   HttpSinkSettings settings, Clock const& clock)
    : core_(std::make_shared<Core>(Core{.dialect = std::move(dialect),
                                        .clock = clock,
                                        .idle_bytes_max = settings.idle_bytes_max})),
      client_(std::move(executor), std::move(settings.client), clock) {}

flow::RequestShape HttpSink::shape() const {
    return core_->dialect->shape();
}

flow::Placement HttpSink::place(flow::Record const& record) {
    return core_->dialect->place(record);
}

bool HttpSink::is_ready(flow::TargetId target) const {
    return core_->dialect->is_ready(target);
}

std::variant<flow::Inspection, flow::Refusal> HttpSink::inspect(flow::Record const& record,
                                                                flow::TargetId target) {
    return core_->dialect->inspect(record, target);
}

std::string HttpSink::target_name(flow::TargetId target) const {
    return core_->dialect->target_name(target);
}

flow::TargetNames HttpSink::names_of(flow::TargetId target) const {
    return core_->dialect->names_of(target);
}

void HttpSink::collapse(std::span<flow::Record const> records,
                        std::vector<std::uint32_t>& effective) {
    core_->dialect->collapse(records, effective);
}

std::size_t HttpSink::held_bytes() const noexcept {
    return core_->held_bytes;
}

boost::asio::awaitable<flow::Judgement> HttpSink::prepare(flow::TargetId target) {
    Lease const lease(core_);
    Exchange& exchange = lease.exchange();
    if (!lease.core().dialect->encode_preparation(target, exchange.request))
        co_return judge_delivered();
    http::Request const request = lease.request();
    Result<void> const sent = co_await client_.exchange(request, exchange.response);
    // Nothing of the sink itself from here on: it may be gone.
    co_return lease.core().conclude(exchange, sent, [&] {
        return lease.core().dialect->judge_preparation(target, exchange.response);
    });
}

boost::asio::awaitable<flow::Judgement> HttpSink::write(std::span<flow::Record const> records,
                                                        std::span<std::uint32_t const> effective) {
    Lease const lease(core_);
    Exchange& exchange = lease.exchange();
    lease.core().dialect->encode(records, effective, exchange.request);
    http::Request const request = lease.request();
    Result<void> const sent = co_await client_.exchange(request, exchange.response);
    // Nothing of the sink itself from here on: it may be gone.
    co_return lease.core().conclude(exchange, sent, [&] {
        return lease.core().dialect->judge(exchange.request, exchange.response);
    });
}

}  // namespace headrace::sinks
