#include "flow/lane.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace headrace::flow {
namespace {

/// Messages taken from the ring before requests are started: large enough to fill batches, small
/// enough to stay prompt.
constexpr std::size_t burst_max = 512;
constexpr Duration detach_interval = std::chrono::seconds(1);

/// The bytes came by another thread: without this each record waits for memory several times.
void prefetch(Record const& record) {
    if (record.key) __builtin_prefetch(record.key->data());
    if (!record.value) return;
    __builtin_prefetch(record.value->data());
    // Headers stand behind it.
    __builtin_prefetch(record.value->data() + record.value->size());
}

}  // namespace

Lane::Lane(DeliverySettings settings, Collaborators with)
    : with_(std::move(with)),
      delivery_(settings, with_.sink, with_.gate, stats_, with_.report),
      timer_(with_.io) {}

void Lane::notify() {
    if (link_.is_lane_notified.exchange(true, std::memory_order_acq_rel)) return;
    boost::asio::post(with_.io, [this] { run(); });
}

void Lane::close(std::function<void()> gone) {
    is_closing_ = true;
    gone_ = std::move(gone);
    timer_.cancel();
    if (attempts_ == 0) finish_closing();
}

/// What was queued before, the cancelled timer's end among it, still comes before `gone`.
void Lane::finish_closing() {
    boost::asio::post(with_.io, std::exchange(gone_, {}));
}

void Lane::run() {
    if (is_closing_) return;
    // Cleared before the ring is read: what comes later notifies again.
    link_.is_lane_notified.store(false, std::memory_order_seq_cst);
    auto const at = now();
    auto const taken = link_.inbound.consume(
        burst_max, [&](LaneMessage&& message) { delivery_.handle(std::move(message), at); },
        [](LaneMessage const& message) { prefetch(message.record); });
    if (at.time >= detach_due_) {
        delivery_.detach_old(at.time);
        detach_due_ = at.time + detach_interval;
    }
    pump();
    if (taken == burst_max) notify();
}

void Lane::pump() {
    if (is_closing_) return;
    while (auto attempt = delivery_.next(now())) {
        ++attempts_;
        boost::asio::co_spawn(with_.io, carry_out(*attempt), boost::asio::detached);
    }
    hand_back();
    arm();
}

boost::asio::awaitable<void> Lane::carry_out(Attempt attempt) {
    std::optional<Attempt> present = attempt;
    while (present) {
        auto const started = with_.clock.now();
        Judgement judgement;
        // Not a conditional expression: GCC 12 destroys the wrong temporary of a co_await inside
        // one.
        if (present->batch == nullptr) {
            judgement = co_await with_.sink.prepare(present->target);
        } else {
            judgement = co_await with_.sink.write(present->records, present->effective);
        }
        auto const at = now();
        delivery_.finish(*present, std::move(judgement), at.time - started, at);
        present = is_closing_ ? std::nullopt : delivery_.next(at);
        if (present) hand_back();
    }
    --attempts_;
    pump();
    if (is_closing_ && attempts_ == 0) finish_closing();
}

void Lane::hand_back() {
    held_bytes_.store(with_.sink.held_bytes(), std::memory_order_relaxed);
    auto& outcomes = delivery_.outcomes();
    while (!overflow_.empty() && link_.outbound.try_push(std::move(overflow_.front()))) {
        overflow_.pop_front();
    }
    for (auto& outcome : outcomes) {
        if (!overflow_.empty() || !link_.outbound.try_push(std::move(outcome)))
            overflow_.push_back(std::move(outcome));
    }
    outcomes.clear();
    // The consumer thread notifies this lane once it has made room.
    bool const is_newly_blocked =
        !overflow_.empty() && !link_.is_outbound_blocked.exchange(true, std::memory_order_seq_cst);
    bool const is_idle = overflow_.empty() && delivery_.is_idle();
    // Between filling the ring and reading the flags, as the consumer thread sets its flags before
    // it looks into the ring: one of the two sees the other.
    link_.is_idle.store(is_idle, std::memory_order_seq_cst);
    auto const wake_at = link_.wake_at.load(std::memory_order_seq_cst);
    bool const is_wanted =
        wake_at != 0 && link_.outbound.size() >= wake_at && link_.wake_at.exchange(0) != 0;
    bool const is_idle_wanted = is_idle && link_.wants_idle_wake.load(std::memory_order_seq_cst) &&
                                link_.wants_idle_wake.exchange(false);
    if (is_newly_blocked || is_wanted || is_idle_wanted) with_.wake_consumer();
}

void Lane::arm() {
    auto const at = with_.clock.now();
    auto wake = delivery_.next_wake(at);
    if (attempts_ != 0 && (!wake || *wake > detach_due_)) wake = std::max(detach_due_, at);
    if (!wake || *wake >= armed_for_) return;
    armed_for_ = *wake;
    timer_.expires_after(*wake > at ? *wake - at : Duration{});
    timer_.async_wait([this](boost::system::error_code error) {
        if (error) return;
        armed_for_ = TimePoint::max();
        run();
    });
}

}  // namespace headrace::flow
