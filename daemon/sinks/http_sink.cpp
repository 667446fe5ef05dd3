#include "sinks/http_sink.hpp"

#include "sinks/judgements.hpp"
#include "sinks/peer_text.hpp"
#include "sinks/retry_after.hpp"

#include <optional>
#include <utility>

namespace headrace::sinks {
namespace {

/// A smaller body fits into one packet or two as it is: compressed it saves nothing.
constexpr std::size_t compressed_bytes_min = 1024;
/// Sending a value from where it stands costs about as much as copying this many bytes.
constexpr std::size_t spliced_bytes_min = 2048;

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
    std::string packed;  ///< The compressed body, if `is_packed`.
    bool is_packed = false;
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

/// What is wrong may be that the body was compressed: says so, and makes a plain refusal of it
/// blocked. `was_taken`: the destination has accepted a compressed body before.
void blame_compression(flow::Judgement& judgement, int status, http::ContentCoding coding,
                       bool was_taken) {
    constexpr int unsupported_media_type = 415;
    std::string const name(http::to_string(coding));
    if (status == unsupported_media_type) {
        auto const said = std::move(judgement.status);
        judgement = judge_blocked(
            flow::BlockScope::destination,
            "the destination does not take request bodies with "
            "Content-Encoding " +
                name + "; set http.compression: none for this route: " + judgement.message);
        judgement.status = said;
    } else if (!was_taken && judgement.verdict != flow::Verdict::retry) {
        judgement.message = "no body with Content-Encoding " + name +
                            " was accepted yet; if the destination does not take it, set "
                            "http.compression: none: " +
                            judgement.message;
    }
}

/// What an exchange needs after its wait: the dialect, and the buffers for the next exchanges.
struct HttpSink::Core {
    std::unique_ptr<Dialect> dialect;
    Clock const& clock;
    std::size_t idle_bytes_max = 0;
    bool may_splice = false;  ///< Neither TLS nor compression wants a body whole.
    std::vector<std::unique_ptr<Exchange>> idle;
    std::size_t idle_bytes = 0;
    std::size_t held_bytes = 0;
    std::unique_ptr<http::Compressor> compressor{};  ///< Null: bodies are sent as they are.
    std::size_t compressor_bytes = 0;                ///< Counted as held.
    bool takes_compressed = false;                   ///< A compressed body was accepted.

    [[nodiscard]] std::unique_ptr<Exchange> take() {
        if (idle.empty()) {
            auto fresh = std::make_unique<Exchange>();
            if (may_splice) fresh->request.spliced_bytes_min = spliced_bytes_min;
            return fresh;
        }
        auto exchange = std::move(idle.back());
        idle.pop_back();
        idle_bytes -= exchange->counted;
        return exchange;
    }

    void count(Exchange& exchange) noexcept {
        std::size_t const now = exchange.request.body.capacity() + exchange.packed.capacity() +
                                exchange.request.splices.capacity() * sizeof(http::Splice) +
                                exchange.response.body.capacity();
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
        exchange->is_packed = false;
        // The headers stay, so that the next answer's are written over them.
        exchange->response.status = 0;
        exchange->response.body.clear();
        idle_bytes += exchange->counted;
        idle.push_back(std::move(exchange));
    }

    /// Compresses the encoded body, where that is worth it.
    void pack(Exchange& exchange) {
        auto const& body = exchange.request.body;
        if (!compressor || body.size() < compressed_bytes_min) return;
        exchange.is_packed = compressor->compress(body, exchange.packed);
        // The context grows with the first bodies.
        auto const bytes = compressor->bytes();
        held_bytes += bytes - std::exchange(compressor_bytes, bytes);
    }

    /// The answer's judgement by `judge`, or the transport's failure; with the times and words that
    /// every dialect leaves to us.
    template <class Judge>
    [[nodiscard]] flow::Judgement conclude(Exchange const& exchange, Result<void> const& sent,
                                           Judge judge) {
        flow::Judgement judgement = sent ? judge() : transport_failure(sent.error());
        if (judgement.verdict == flow::Verdict::delivered) {
            takes_compressed |= exchange.is_packed;
            return judgement;
        }
        if (sent && exchange.is_packed) {
            blame_compression(judgement, exchange.response.status, compressor->coding(),
                              takes_compressed);
        }
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
        auto const& encoded = exchange_->request;
        bool const is_packed = exchange_->is_packed;
        return {.target = encoded.path,
                .headers = encoded.headers,
                .body = is_packed ? exchange_->packed : encoded.body,
                .splices = encoded.splices,
                .content_encoding =
                    is_packed ? http::to_string(core_->compressor->coding()) : std::string_view()};
    }

  private:
    std::shared_ptr<Core> core_;
    std::unique_ptr<Exchange> exchange_;
};

HttpSink::HttpSink(std::unique_ptr<Dialect> dialect, boost::asio::any_io_executor executor,
                   HttpSinkSettings settings, Clock const& clock)
    : core_(std::make_shared<Core>(
          Core{.dialect = std::move(dialect),
               .clock = clock,
               .idle_bytes_max = settings.idle_bytes_max,
               .may_splice = !settings.client.url.tls &&
                             settings.compression.coding == http::ContentCoding::identity})),
      client_(std::move(executor), std::move(settings.client), clock) {
    if (settings.compression.coding != http::ContentCoding::identity)
        core_->compressor = std::make_unique<http::Compressor>(settings.compression);
}

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
    lease.core().pack(exchange);
    http::Request const request = lease.request();
    Result<void> const sent = co_await client_.exchange(request, exchange.response);
    // Nothing of the sink itself from here on: it may be gone.
    co_return lease.core().conclude(exchange, sent, [&] {
        return lease.core().dialect->judge(exchange.request, exchange.response);
    });
}

}  // namespace headrace::sinks
