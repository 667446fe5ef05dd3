#include "simulation/dead_letter_topic.hpp"

#include "simulation/member_source.hpp"

#include <utility>

namespace headrace::simulation {

Result<void> MemberLetters::produce(flow::Record const& record, flow::FailureReport const& report,
                                    std::uint64_t token) {
    interleave_();
    auto const serial = serial_of(record);
    auto const& truth = world_.ledger.record(serial);
    if (truth.value != record.value || truth.key != record.key)
        throw Violation("dead letter's bytes", world_.ledger.name(serial) + " has changed");
    if (report.refusal.reason.empty() || report.refusal.message.empty())
        throw Violation("dead letter's report", "reason or message is empty");
    if (world_.topic.is_unusable) {
        world_.history.note(31, serial, [&] {
            return "the dead-letter topic refuses " + world_.ledger.name(serial);
        });
        return Error{ErrorCode::kafka, "the topic does not exist"};
    }
    bool const is_acknowledged = !world_.chance.happens(world_.topic.failures);
    // An error may mean that nobody knows.
    if (is_acknowledged || world_.chance.happens(0.5)) ++world_.topic.letters;
    process_->later(world_.chance.between(Duration{}, world_.topic.answer_max),
                    [this, answer = Answer{token, serial, is_acknowledged}] {
                        answers_.push_back(answer);
                        wake_();
                    });
    return {};
}

void MemberLetters::serve(flow::DeadLettersListener& listener) {
    interleave_();
    for (auto const& answer : std::exchange(answers_, {})) {
        world_.history.note(32, answer.serial * 2 + (answer.is_acknowledged ? 1 : 0), [&] {
            return "the dead letter of " + world_.ledger.name(answer.serial) +
                   (answer.is_acknowledged ? " is acknowledged" : " failed");
        });
        if (answer.is_acknowledged) {
            world_.ledger.letter_acknowledged(answer.serial);
            listener.on_acknowledged(answer.token);
        } else {
            listener.on_failed(answer.token, Error{ErrorCode::timeout, "no acknowledgement"});
        }
    }
}

}  // namespace headrace::simulation
