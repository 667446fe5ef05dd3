#include "flow/burials.hpp"

#include <vector>

namespace headrace::flow {
namespace {

std::string place_of(Record const& record) {
    return record.origin->topic + "[" + std::to_string(record.origin->partition) + "] offset " +
           std::to_string(record.offset);
}

}  // namespace

Burials::Burials(DeadLetters* dead_letters, Duration retry)
    : dead_letters_(dead_letters), retry_(retry) {}

void Burials::add(std::unique_ptr<Burial> burial, TimePoint now) {
    auto const token = next_token_++;
    auto& entry = burials_[token];
    entry.burial = std::move(burial);
    ++waiting_;
    start(token, entry, now);
}

void Burials::retry_due(TimePoint now) {
    if (waiting_ == 0 || now < retry_at_) return;
    for (auto& [token, entry] : burials_) {
        if (entry.is_started) continue;
        start(token, entry, now);
        // One failure says it for all: the others wait with it.
        if (!entry.is_started) return;
    }
}

std::unique_ptr<Burial> Burials::acknowledge(std::uint64_t token) {
    auto const found = burials_.find(token);
    if (found == burials_.end()) return nullptr;
    auto burial = std::move(found->second.burial);
    burials_.erase(found);
    note_progress();
    return burial;
}

void Burials::fail(std::uint64_t token, Error const& error, TimePoint now) {
    auto const found = burials_.find(token);
    if (found == burials_.end() || !found->second.is_started) return;
    found->second.is_started = false;
    ++waiting_;
    stop(*found->second.burial, error.message, now);
}

std::vector<std::unique_ptr<Burial>> Burials::take_if(
    std::function<bool(Burial const&, bool)> const& predicate) {
    std::vector<std::unique_ptr<Burial>> taken;
    for (auto at = burials_.begin(); at != burials_.end();) {
        if (!predicate(*at->second.burial, at->second.is_started)) {
            ++at;
            continue;
        }
        if (!at->second.is_started) --waiting_;
        taken.push_back(std::move(at->second.burial));
        at = burials_.erase(at);
    }
    note_progress();
    return taken;
}

Burial const* Burials::find(std::uint32_t slot, Offset offset) const {
    for (auto const& [token, entry] : burials_) {
        auto const& record = entry.burial->record;
        if (record.ticket.slot == slot && record.offset == offset) return entry.burial.get();
    }
    return nullptr;
}

std::optional<TimePoint> Burials::next_retry() const noexcept {
    if (waiting_ == 0) return std::nullopt;
    return retry_at_;
}

void Burials::start(std::uint64_t token, Entry& entry, TimePoint now) {
    if (dead_letters_ == nullptr) {
        stop(*entry.burial,
             "no dead-letter topic is configured: set dead_letters.topic of this route, or mend "
             "the record's cause (" +
                 entry.burial->report.refusal.reason + ": " + entry.burial->report.refusal.message +
                 ")",
             now);
        return;
    }
    auto const started = dead_letters_->produce(entry.burial->record, entry.burial->report, token);
    if (started) {
        entry.is_started = true;
        --waiting_;
        return;
    }
    stop(*entry.burial, started.error().message, now);
}

void Burials::stop(Burial const& burial, std::string const& reason, TimePoint now) {
    retry_at_ = now + retry_;
    if (!stopped_)
        stopped_ = place_of(burial.record) + " must be dead-lettered and cannot be: " + reason;
}

void Burials::note_progress() {
    if (waiting_ == 0) stopped_.reset();
}

}  // namespace headrace::flow
