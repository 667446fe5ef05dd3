#include "simulation/ledger.hpp"

#include <algorithm>

namespace headrace::simulation {

using flow::Fate;
using flow::Verdict;

void Ledger::assigned(MemberId member, std::uint32_t partition, flow::Assigned const& assigned) {
    auto const begin = assigned.committed.value_or(0);
    Assignment assignment;
    assignment.member = member;
    assignment.partition = partition;
    assignment.first = log_.at(partition).index_of(begin);
    assignment.checked = assignment.first;
    assignment.settled = assignment.first;
    assignment.committed = assigned.committed.value_or(-1);
    if (auto map = flow::read_settled_map(assigned.metadata); map && map->base == begin) {
        assignment.inherited = std::move(map->ranges);
    }
    assignments_.push_back(std::move(assignment));
    current_[{member, partition}] = assignments_.size() - 1;
}

void Ledger::revoking(MemberId member, std::uint32_t partition) {
    if (auto* const assignment = current(member, partition)) assignment->is_revoking = true;
}

void Ledger::unassigned(MemberId member, std::uint32_t partition) {
    if (auto* const assignment = current(member, partition)) assignment->is_over = true;
    current_.erase({member, partition});
}

bool Ledger::owns(MemberId member, std::uint32_t partition) const {
    return current(member, partition) != nullptr;
}

Serial Ledger::read(MemberId member, std::uint32_t partition, std::size_t index) {
    auto* const assignment = current(member, partition);
    if (assignment == nullptr) fail("read", "a partition that is not assigned is read");
    auto const& record = log_.at(partition).records[index];
    Reading reading;
    reading.member = member;
    reading.partition = partition;
    reading.index = index;
    reading.assignment = current_.at({member, partition});
    reading.order_group = order_group(partition, record);
    reading.is_inherited = assignment->inherits(record.offset);
    readings_.push_back(reading);
    auto const serial = static_cast<Serial>(readings_.size());
    assignment->serials.resize(index - assignment->first + 1);
    assignment->serials.back() = serial;
    check_read_ahead(*assignment, index);
    auto& process = processes_[member];
    ++process.reads;
    if (reading.order_group != 0) process.open[reading.order_group].push_back(serial);
    return serial;
}

void Ledger::given_to_lane(Serial serial, std::uint32_t cost_bytes) {
    auto& reading = at(serial);
    if (reading.is_in_lane) fail("handed over twice", name(serial) + " came to a lane twice");
    reading.is_in_lane = true;
    reading.is_inherited = false;
    reading.cost_bytes = cost_bytes;
    processes_[reading.member].lane_bytes += cost_bytes;
}

void Ledger::skipped(Serial serial) {
    at(serial).is_skipped = true;
    record(serial).is_skipped = true;
    close(at(serial), serial);
}

void Ledger::refused(Serial serial) {
    at(serial).is_refused = true;
    // The destination's own key is not known of a record that cannot be encoded.
    if (settings_.request.has_own_key && settings_.delivery.order == flow::Order::key)
        close(at(serial), serial);
}

void Ledger::sent(Request const& request) {
    auto& process = processes_[request.member];
    ++process.requests;
    for (auto const& sent : request.records) {
        auto& reading = at(sent.serial);
        if (!reading.is_in_lane || reading.is_handed_back)
            fail("handed back wrongly", name(sent.serial) + " is sent after it was handed back");
        if (reading.request != 0)
            fail("two in flight", name(sent.serial) + " is itself in two requests at once");
        reading.request = request.id;
    }
    for (auto const& sent : request.records) {
        check_order(request, sent);
    }
}

void Ledger::check_order(Request const& request, Sent const& sent) {
    auto const& reading = at(sent.serial);
    if (reading.order_group == 0) return;
    auto& open = processes_[request.member].open[reading.order_group];
    std::erase_if(open, [&](Serial serial) {
        auto const& other = at(serial);
        return other.request == 0 && assignments_[other.assignment].is_over;
    });
    for (auto const serial : open) {
        auto const& other = at(serial);
        if (serial == sent.serial || other.request == request.id) continue;
        if (other.request != 0) {
            fail("two in flight", name(sent.serial) + " is sent in request " +
                                      std::to_string(request.id) + " while " + name(serial) +
                                      " is in flight in request " + std::to_string(other.request));
        }
        bool const is_earlier = serial < sent.serial && other.assignment == reading.assignment;
        if (is_earlier && !other.is_done())
            fail("order", name(sent.serial) + " is sent before " + name(serial) + " has ended");
    }
    // Within the request, equal keys stand in the order in which they were read.
    for (auto const& other : request.records) {
        if (other.serial == sent.serial) return;
        if (other.serial > sent.serial && at(other.serial).order_group == reading.order_group)
            fail("order", name(other.serial) + " stands before " + name(sent.serial) +
                              " in request " + std::to_string(request.id));
    }
}

void Ledger::answered(Request const& request, flow::Judgement const& judgement) {
    --processes_[request.member].requests;
    auto const effective = std::count_if(request.records.begin(), request.records.end(),
                                         [](Sent const& sent) { return sent.is_effective; });
    for (auto const& sent : request.records) {
        auto& reading = at(sent.serial);
        reading.request = 0;
        reading.was_refused_alone = false;
        if (judgement.verdict == Verdict::delivered) {
            auto& record = log_.at(sent.partition).records[sent.index];
            ++processes_[reading.member].written;
            (sent.is_effective ? reading.is_written : reading.is_superseded) = true;
            (sent.is_effective ? record.is_written : record.is_skipped) = true;
            close(reading, sent.serial);
        } else if (judgement.verdict == Verdict::split) {
            reading.was_refused_alone = sent.is_effective && effective == 1;
        } else if (judgement.verdict == Verdict::retry &&
                   judgement.reason != flow::FailureReason::throttled) {
            ++reading.strikes;
            if (effective == 1) ++reading.failures_alone;
        }
    }
}

void Ledger::handed_back(Serial serial, Fate fate, bool is_draining) {
    auto& reading = at(serial);
    auto const wrong = [&](std::string const& why) {
        fail("handed back wrongly", name(serial) + " is handed back " + why);
    };
    if (!reading.is_in_lane || reading.is_handed_back) wrong("twice, or was never given");
    if (reading.request != 0) wrong("while it is in flight");
    reading.is_handed_back = true;
    processes_[reading.member].lane_bytes -= reading.cost_bytes;
    switch (fate) {
        case Fate::written:
            if (!reading.is_written) wrong("as written, but the destination did not say yes");
            break;
        case Fate::superseded:
            if (!reading.is_superseded)
                wrong("as superseded, but what took its place is not written");
            break;
        case Fate::tombstone:
            if (!reading.is_skipped) wrong("as a tombstone, but it is none");
            break;
        case Fate::revoked:
            if (!assignments_[reading.assignment].is_revoking &&
                !assignments_[reading.assignment].is_over)
                wrong("as revoked, but its partition is not");
            break;
        case Fate::drained:
            if (!is_draining) wrong("as drained, but nothing drains");
            break;
        case Fate::buried: {
            bool const is_used_up = settings_.delivery.bury_after_retries &&
                                    reading.strikes > settings_.delivery.max_retries;
            bool const is_suspect = settings_.delivery.suspect_after != 0 &&
                                    reading.failures_alone >= settings_.delivery.suspect_after;
            if (!reading.is_refused && !reading.was_refused_alone && !is_used_up && !is_suspect)
                fail("buried without cause", name(serial) +
                                                 " was neither refused alone nor has "
                                                 "it used up its retries");
            break;
        }
    }
}

void Ledger::letter_acknowledged(Serial serial) {
    auto& reading = at(serial);
    reading.is_acknowledged = true;
    auto& ended = record(serial);
    ended.is_buried = true;
    // Whether the destination has it, too, is not known: it may have said no to what it did.
    if (ended.is_applied) stored_[{reading.partition, ended.key_number}].is_excused = true;
    close(reading, serial);
}

void Ledger::applied(Request const& request, std::size_t first, std::size_t count, bool is_late) {
    for (std::size_t i = first; i < first + count && i < request.records.size(); ++i) {
        auto const& sent = request.records[i];
        if (!sent.is_effective) continue;
        auto& record = log_.at(sent.partition).records[sent.index];
        record.is_applied = true;
        if (record.key_number == 0) continue;
        auto& stored = stored_[{sent.partition, record.key_number}];
        auto const& reading = at(sent.serial);
        stored.index = sent.index;
        stored.highest = std::max(stored.highest, sent.index);
        // Given up by us, or sent by a member that has lost the partition since: what then stands
        // last is the limit that docs/guarantees.md names.
        bool const is_owner = is_owner_ && is_owner_(reading.member, reading.partition);
        if (is_late || !is_owner || assignments_[reading.assignment].is_over)
            stored.is_excused = true;
    }
}

void Ledger::gone(MemberId member) {
    for (auto& assignment : assignments_) {
        if (assignment.member == member) assignment.is_over = true;
    }
    std::erase_if(current_, [&](auto const& entry) { return entry.first.first == member; });
}

void Ledger::committing(MemberId member, flow::CommitPoint const& point) {
    auto const partition = log_.number_of(point.origin);
    auto* const assignment = current(member, partition);
    auto const& log = log_.at(partition);
    if (assignment == nullptr) {
        fail("commit of another's partition", "member " + std::to_string(member) + " commits " +
                                                  log.name() + " " + std::to_string(point.offset) +
                                                  ", which it does not own");
    }
    check_commit(*assignment, point);
    check_map(*assignment, point);
}

void Ledger::check_commit(Assignment& assignment, flow::CommitPoint const& point) {
    auto const& log = log_.at(assignment.partition);
    if (point.offset < assignment.committed)
        fail("commit goes back", log.name() + " is committed at " + std::to_string(point.offset) +
                                     " after " + std::to_string(assignment.committed));
    if (point.offset > log.end)
        fail("commit past an open record", "it is past the partition's end");
    assignment.committed = point.offset;
    auto const& records = log.records;
    while (assignment.checked < records.size() &&
           records[assignment.checked].offset < point.offset) {
        if (!is_settled(assignment, assignment.checked)) {
            fail("commit past an open record",
                 "member " + std::to_string(assignment.member) + " commits " + log.name() + " " +
                     std::to_string(point.offset) + " while offset " +
                     std::to_string(records[assignment.checked].offset) + " is open");
        }
        ++assignment.checked;
    }
}

/// `limits.uncommitted_records_max`, from the first open record on. What retention deleted before
/// it was read does not count.
void Ledger::check_read_ahead(Assignment& assignment, std::size_t index) {
    ++assignment.ahead;
    while (assignment.settled < index && is_settled(assignment, assignment.settled)) {
        if (assignment.serial_at(assignment.settled) != 0) --assignment.ahead;
        ++assignment.settled;
    }
    if (assignment.ahead > settings_.intake.uncommitted_records_max)
        fail("read ahead", log_.at(assignment.partition).name() + " is read " +
                               std::to_string(assignment.ahead) +
                               " records beyond the first open one");
}

void Ledger::check_map(Assignment const& assignment, flow::CommitPoint const& point) const {
    if (point.metadata.empty()) return;
    auto const map = flow::read_settled_map(point.metadata);
    if (!map || map->base != point.offset)
        fail("map of an open record",
             (map ? "it is another offset's" : map.error().message) + ": " + point.metadata);
    auto const& log = log_.at(assignment.partition);
    for (auto const& range : map->ranges) {
        for (auto index = log.index_of(range.first);
             index < log.records.size() && log.records[index].offset <= range.last; ++index) {
            auto const offset = log.records[index].offset;
            if (is_settled(assignment, index)) continue;
            if (assignment.serial_at(index) == 0 && assignment.inherits(offset)) continue;
            fail("map of an open record", "the map of " + log.name() + " " +
                                              std::to_string(point.offset) + " says that offset " +
                                              std::to_string(offset) + " is settled");
        }
    }
}

bool Ledger::is_settled(Assignment const& assignment, std::size_t index) const {
    auto const serial = assignment.serial_at(index);
    if (serial == 0) return log_.at(assignment.partition).records[index].is_expired;
    return at(serial).is_done();
}

std::optional<flow::Offset> Ledger::settled_up_to(MemberId member, std::uint32_t partition) const {
    auto const* const assignment = current(member, partition);
    if (assignment == nullptr) return std::nullopt;
    auto const& records = log_.at(partition).records;
    auto const end = assignment->first + assignment->serials.size();
    std::optional<flow::Offset> settled;
    for (auto index = assignment->first; index < end && is_settled(*assignment, index); ++index) {
        if (assignment->serial_at(index) != 0) settled = flow::next(records[index].offset);
    }
    return settled;
}

bool Ledger::Assignment::inherits(flow::Offset offset) const {
    return std::any_of(inherited.begin(), inherited.end(), [&](flow::OffsetRange const& range) {
        return range.first <= offset && offset <= range.last;
    });
}

Ledger::Assignment* Ledger::current(MemberId member, std::uint32_t partition) {
    auto const found = current_.find({member, partition});
    return found == current_.end() ? nullptr : &assignments_[found->second];
}

Ledger::Assignment const* Ledger::current(MemberId member, std::uint32_t partition) const {
    auto const found = current_.find({member, partition});
    return found == current_.end() ? nullptr : &assignments_[found->second];
}

std::uint64_t Ledger::order_group(std::uint32_t partition, LogRecord const& record) const {
    switch (settings_.delivery.order) {
        case flow::Order::none:
            return 0;
        case flow::Order::partition:
            return mix(partition + 1) | 1U;
        case flow::Order::key:
            break;
    }
    if (record.key_number == 0) return 0;
    return mix((std::uint64_t{partition} << 32U) + record.key_number) | 1U;
}

void Ledger::close(Reading& reading, Serial serial) {
    if (reading.order_group == 0) return;
    std::erase(processes_[reading.member].open[reading.order_group], serial);
}

std::string Ledger::name(Serial serial) const {
    auto const& reading = at(serial);
    auto const& log = log_.at(reading.partition);
    auto const& record = log.records[reading.index];
    return log.name() + ":" + std::to_string(record.offset) +
           (record.key_number == 0 ? "" : " key " + std::to_string(record.key_number)) + " (#" +
           std::to_string(serial) + ")";
}

LogRecord& Ledger::record(Serial serial) {
    auto const& reading = at(serial);
    return log_.at(reading.partition).records[reading.index];
}

std::uint64_t Ledger::reads(MemberId member) const {
    auto const found = processes_.find(member);
    return found == processes_.end() ? 0 : found->second.reads;
}

std::uint64_t Ledger::written(MemberId member) const {
    auto const found = processes_.find(member);
    return found == processes_.end() ? 0 : found->second.written;
}

std::size_t Ledger::lane_bytes(MemberId member) const {
    auto const found = processes_.find(member);
    return found == processes_.end() ? 0 : found->second.lane_bytes;
}

std::size_t Ledger::requests_in_flight(MemberId member) const {
    auto const found = processes_.find(member);
    return found == processes_.end() ? 0 : found->second.requests;
}

void Ledger::check_last_values() const {
    if (settings_.delivery.order == flow::Order::none) return;
    for (auto const& [place, stored] : stored_) {
        if (stored.is_excused || stored.index == stored.highest) continue;
        auto const& log = log_.at(place.first);
        fail("last value", "key " + std::to_string(place.second) + " of " + log.name() +
                               " ended with the value of offset " +
                               std::to_string(log.records[stored.index].offset) + " instead of " +
                               std::to_string(log.records[stored.highest].offset));
    }
}

void Ledger::fail(std::string_view invariant, std::string const& what) const {
    throw Violation(invariant, what);
}

}  // namespace headrace::simulation
