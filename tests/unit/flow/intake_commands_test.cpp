#include "intake_world.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace headrace;
using namespace headrace::flow_test;
using flow::Fate;
using flow::RouteAction;
using flow::RouteState;
using Call = flow::Intake::SourceCall;
using Kind = flow::LaneMessage::Kind;

namespace {

/// What was answered to one command; nothing while it is under way.
using Told = std::shared_ptr<std::optional<flow::RouteAnswer>>;

/// A world with one partition of `records`, assigned and read.
struct CommandedWorld : IntakeWorld {
    explicit CommandedWorld(int records) {
        source.add("clicks", 0);
        produce(records);
        source.assign({0});
        settle_down();
    }
    void produce(int records) {
        for (int i = 0; i < records; ++i) {
            source.produce(0, "k" + std::to_string(i), "v");
        }
    }
    Told ask(RouteAction action, Duration limit = 20s) {
        auto told = std::make_shared<std::optional<flow::RouteAnswer>>();
        intake->command({action, clock.now() + limit,
                         [told](flow::RouteAnswer answer) { *told = std::move(answer); }});
        turn();
        return told;
    }
    /// Steps until all that may be committed is, and does with the source what the intake asks for.
    void turn() {
        settle_down();
        clock.advance(10ms);
        settle_down();
        if (intake->source_call() == Call::close)
            intake->on_left(source.close(clock.now() + 1s) && closes);
        if (intake->source_call() == Call::start) intake->on_started(source.start());
        settle_down();
    }
    /// The group's answer to a member that joined again.
    void rejoin() {
        source.assign({0});
        turn();
    }
    [[nodiscard]] RouteState state() { return picture().state; }

    bool closes = true;
};

}  // namespace

TEST_CASE("a paused route reads no more and is done once everything it read is committed") {
    CommandedWorld world(3);
    auto const told = world.ask(RouteAction::pause);
    world.produce(5);
    world.turn();
    CHECK(world.state() == RouteState::paused);
    CHECK_FALSE(told->has_value());
    CHECK(world.picture().read == 3);
    world.answer_all(Fate::written);
    world.turn();
    REQUIRE(told->has_value());
    CHECK((*told)->is_done);
    CHECK((*told)->open == 0);
    CHECK((*told)->is_committed);
    CHECK(world.source.log(0).committed == 3);
    CHECK_FALSE(world.source.is_closed);
    CHECK(world.picture().joined);
    CHECK(world.source.wakes > 0);
}

TEST_CASE("a resumed route reads on where it was paused") {
    CommandedWorld world(3);
    world.answer_all(Fate::written);
    CHECK((*world.ask(RouteAction::pause))->is_done);
    world.produce(5);
    CHECK((*world.ask(RouteAction::resume))->is_done);
    CHECK(world.state() == RouteState::flowing);
    world.answer_all(Fate::written);
    world.turn();
    CHECK(world.picture().written == 8);
    CHECK(world.source.log(0).committed == 8);
    CHECK(world.picture().unaccounted == 0);
}

TEST_CASE("pausing twice, draining twice and resuming a route that reads are harmless") {
    CommandedWorld world(2);
    world.answer_all(Fate::written);
    CHECK((*world.ask(RouteAction::resume))->is_done);
    CHECK((*world.ask(RouteAction::pause))->is_done);
    CHECK((*world.ask(RouteAction::pause))->is_done);
    CHECK((*world.ask(RouteAction::drain))->is_done);
    CHECK((*world.ask(RouteAction::drain))->is_done);
    CHECK((*world.ask(RouteAction::pause))->is_done);
    CHECK(world.state() == RouteState::paused);
    CHECK(world.source.is_closed);
}

TEST_CASE("a pause that cannot be done in time says what is open and stays in force") {
    CommandedWorld world(3);
    auto const told = world.ask(RouteAction::pause, 5s);
    CHECK(world.step() <= world.clock.now() + 5s);
    world.clock.advance(5s);
    world.turn();
    REQUIRE(told->has_value());
    CHECK_FALSE((*told)->is_done);
    CHECK((*told)->open == 3);
    CHECK((*told)->message.find("3 records") != std::string::npos);
    world.produce(1);
    world.turn();
    CHECK(world.picture().read == 3);
    world.answer_all(Fate::written);
    world.turn();
    CHECK(world.source.log(0).committed == 3);
}

TEST_CASE("a drained route gives back what was never sent, commits the rest and leaves the group") {
    CommandedWorld world(5);
    auto const told = world.ask(RouteAction::drain);
    CHECK(world.orders(Kind::drain) == 1);
    CHECK_FALSE(told->has_value());
    world.answer(Fate::written);
    world.answer(Fate::written);
    world.answer_all(Fate::drained);
    world.turn();
    REQUIRE(told->has_value());
    CHECK((*told)->is_done);
    CHECK((*told)->returned == 3);
    CHECK((*told)->message.find("3 records") != std::string::npos);
    CHECK(world.source.log(0).committed == 2);
    CHECK(world.source.is_closed);
    auto const picture = world.picture();
    CHECK(picture.state == RouteState::paused);
    CHECK_FALSE(picture.joined);
    CHECK(picture.is_drained);
    CHECK(picture.partitions.empty());
    CHECK(picture.unaccounted == 0);
    CHECK_FALSE(world.intake->is_drained());
}

TEST_CASE("a route that is resumed after a drain joins again, and its counters go on") {
    CommandedWorld world(5);
    world.answer(Fate::written);
    auto const drained = world.ask(RouteAction::drain);
    world.answer_all(Fate::drained);
    world.turn();
    REQUIRE((*drained)->is_done);
    auto const resumed = world.ask(RouteAction::resume);
    CHECK_FALSE(resumed->has_value());
    CHECK_FALSE(world.source.is_closed);
    CHECK(world.orders(Kind::resume) == 1);
    CHECK_FALSE(world.picture().is_drained);
    world.rejoin();
    REQUIRE(resumed->has_value());
    CHECK((*resumed)->is_done);
    CHECK(world.state() == RouteState::flowing);
    CHECK(world.picture().read == 9);
    world.answer_all(Fate::written);
    world.turn();
    CHECK(world.source.log(0).committed == 5);
    CHECK(world.picture().written == 5);
    CHECK(world.picture().returned_by_reason.at("drained") == 4);
    CHECK(world.picture().unaccounted == 0);

    auto const again = world.ask(RouteAction::drain);
    REQUIRE(again->has_value());
    CHECK((*again)->returned == 0);
}

TEST_CASE("a drain that is late says so, and what was under way cannot be sent again") {
    CommandedWorld world(2);
    auto const told = world.ask(RouteAction::drain, 5s);
    world.clock.advance(5s);
    world.turn();
    REQUIRE(told->has_value());
    CHECK_FALSE((*told)->is_done);
    CHECK(world.orders(Kind::revoke) == 1);
    CHECK(world.source.log(0).committed == -1);
    std::ignore = world.ask(RouteAction::resume);
    world.rejoin();
    CHECK(world.picture().read == 4);
    // The answers to the requests of before come late.
    world.answer(Fate::written);
    world.answer(Fate::written);
    world.turn();
    CHECK(world.picture().written == 0);
    CHECK(world.source.log(0).committed == -1);
    world.answer_all(Fate::written);
    world.turn();
    CHECK(world.source.log(0).committed == 2);
    CHECK(world.picture().unaccounted == 0);
}

TEST_CASE("a commit that nobody answered before a drain's end does not hold up later ones") {
    CommandedWorld world(2);
    world.source.answers_commits = false;
    world.answer_all(Fate::written);
    auto const told = world.ask(RouteAction::drain, 5s);
    world.clock.advance(5s);
    world.turn();
    REQUIRE(told->has_value());
    CHECK_FALSE((*told)->is_done);
    world.source.answers_commits = true;
    std::ignore = world.ask(RouteAction::resume);
    world.rejoin();
    world.answer_all(Fate::written);
    world.turn();
    CHECK(world.source.log(0).committed == 2);
    CHECK(world.picture().unaccounted == 0);
}

TEST_CASE("leaving the group in vain makes a drain unclean") {
    CommandedWorld world(1);
    world.answer_all(Fate::written);
    world.turn();
    world.closes = false;
    auto const told = world.ask(RouteAction::drain);
    REQUIRE(told->has_value());
    CHECK_FALSE((*told)->is_done);
}

TEST_CASE("while a drain is under way a pause and a resume are refused with the reason") {
    CommandedWorld world(1);
    auto const drain = world.ask(RouteAction::drain);
    for (auto const action : {RouteAction::pause, RouteAction::resume}) {
        auto const told = world.ask(action);
        REQUIRE(told->has_value());
        CHECK_FALSE((*told)->is_done);
        CHECK((*told)->message.find("drain is under way") != std::string::npos);
    }
    auto const second = world.ask(RouteAction::drain);
    world.answer_all(Fate::written);
    world.turn();
    CHECK((*drain)->is_done);
    CHECK((*second)->is_done);
}

TEST_CASE("a command that comes before another one is done takes its place") {
    CommandedWorld world(1);
    auto const pause = world.ask(RouteAction::pause);
    auto const resume = world.ask(RouteAction::resume);
    REQUIRE(pause->has_value());
    CHECK_FALSE((*pause)->is_done);
    CHECK((*pause)->message.find("route resume") != std::string::npos);
    CHECK((*resume)->is_done);
    CHECK(world.state() == RouteState::flowing);
}

TEST_CASE("a source that cannot be started again leaves the route drained and says why") {
    CommandedWorld world(0);
    CHECK((*world.ask(RouteAction::drain))->is_done);
    world.source.start_error = Error{ErrorCode::io, "no eventfd left"};
    auto const told = world.ask(RouteAction::resume);
    REQUIRE(told->has_value());
    CHECK_FALSE((*told)->is_done);
    CHECK((*told)->message.find("no eventfd left") != std::string::npos);
    CHECK(world.state() == RouteState::paused);
    world.source.start_error.reset();
    auto const again = world.ask(RouteAction::resume);
    world.rejoin();
    CHECK((*again)->is_done);
}

TEST_CASE("joining that takes too long is told, and goes on") {
    CommandedWorld world(0);
    std::ignore = world.ask(RouteAction::drain);
    auto const told = world.ask(RouteAction::resume, 5s);
    world.source.tell([](flow::SourceListener& listener) {
        listener.on_trouble(Error{ErrorCode::connection, "no broker answers"});
    });
    world.clock.advance(5s);
    world.turn();
    REQUIRE(told->has_value());
    CHECK_FALSE((*told)->is_done);
    CHECK((*told)->message.find("no broker answers") != std::string::npos);
    world.produce(2);
    world.rejoin();
    CHECK(world.picture().read == 2);
}

TEST_CASE("the last drain ends a paused and a drained route at once and cleanly") {
    for (auto const action : {RouteAction::pause, RouteAction::drain}) {
        CommandedWorld world(2);
        world.answer_all(Fate::written);
        CHECK((*world.ask(action))->is_done);
        world.intake->drain(world.clock.now() + 5s);
        world.turn();
        CHECK(world.intake->is_drained());
        CHECK(world.intake->was_clean());
        CHECK(world.source.log(0).committed == 2);
    }
}

TEST_CASE("the last drain takes over an operator's drain and answers it") {
    CommandedWorld world(2);
    auto const told = world.ask(RouteAction::drain);
    world.intake->drain(world.clock.now() + 5s);
    world.turn();
    REQUIRE(told->has_value());
    CHECK_FALSE((*told)->is_done);
    CHECK_FALSE(world.intake->is_drained());
    world.answer_all(Fate::written);
    world.turn();
    CHECK(world.intake->is_drained());
    CHECK(world.intake->was_clean());
    CHECK(world.intake->source_call() == Call::none);
    auto const late = world.ask(RouteAction::resume);
    REQUIRE(late->has_value());
    CHECK((*late)->message.find("stopping") != std::string::npos);
}

TEST_CASE("after a late drain the last one waits for the requests of before") {
    CommandedWorld world(1);
    std::ignore = world.ask(RouteAction::drain, 5s);
    world.clock.advance(5s);
    world.turn();
    world.intake->drain(world.clock.now() + 5s);
    world.turn();
    CHECK_FALSE(world.intake->is_drained());
    SECTION("they are answered in time") {
        world.answer_all(Fate::written);
        world.turn();
        CHECK(world.intake->is_drained());
        CHECK(world.intake->was_clean());
    }
    SECTION("they are not") {
        world.clock.advance(5s);
        world.turn();
        CHECK(world.intake->is_drained());
        CHECK_FALSE(world.intake->was_clean());
    }
}

TEST_CASE("a drained route does not turn without need") {
    CommandedWorld world(1);
    world.answer_all(Fate::written);
    std::ignore = world.ask(RouteAction::drain, 5s);
    world.clock.advance(60s);
    CHECK(world.step() > world.clock.now());
}

TEST_CASE("a resume makes a stopped route try its dead letters again at once") {
    CommandedWorld world(1);
    world.topic.produce_error = Error{ErrorCode::kafka, "no such topic"};
    world.answer(Fate::buried);
    world.turn();
    REQUIRE(world.state() == RouteState::stopped);
    world.topic.produce_error.reset();
    world.turn();
    CHECK(world.state() == RouteState::stopped);
    CHECK((*world.ask(RouteAction::resume))->is_done);
    CHECK(world.state() == RouteState::flowing);
    CHECK(world.topic.letters.size() == 1);
}

TEST_CASE("a resume makes a blocked destination be probed at once") {
    CommandedWorld world(1);
    Random random(1);
    world.gate.on_blocked({false, world.clock.now(), world.clock.wall()}, "401", random);
    CHECK(world.gate.passage(world.clock.now()) == flow::Gate::Passage::held);
    auto const notices = world.notices;
    CHECK((*world.ask(RouteAction::resume))->is_done);
    CHECK(world.gate.passage(world.clock.now()) == flow::Gate::Passage::probe);
    CHECK(world.notices > notices);
}

TEST_CASE("a paused route shows what is wrong as long as records wait for it") {
    CommandedWorld world(1);
    Random random(1);
    world.gate.on_blocked({false, world.clock.now(), world.clock.wall()}, "401", random);
    std::ignore = world.ask(RouteAction::pause);
    CHECK(world.state() == RouteState::blocked);
    std::ignore = world.ask(RouteAction::drain);
    world.answer_all(Fate::drained);
    world.turn();
    CHECK(world.state() == RouteState::paused);
}

TEST_CASE("a blocked route without a record reads some to probe with") {
    CommandedWorld world(0);
    Random random(1);
    world.gate.on_blocked({false, world.clock.now(), world.clock.wall()}, "401", random);
    world.produce(600);
    world.turn();
    auto const read = world.picture().read;
    CHECK(read > 0);
    CHECK(read < 600);
    world.turn();
    CHECK(world.picture().read == read);
}

TEST_CASE("route resume gives up the records that refusals in a row hold") {
    CommandedWorld world(1);
    auto const before = world.gate.refusals().burials();
    world.ask(RouteAction::resume);
    CHECK(world.gate.refusals().burials() == before + 1);
}

TEST_CASE("a stopped route that is asked to try again does so at once") {
    CommandedWorld world(1);
    world.topic.produce_error = Error{ErrorCode::kafka, "no such topic"};
    world.answer(Fate::buried);
    world.turn();
    REQUIRE(world.state() == RouteState::stopped);
    world.topic.produce_error.reset();
    world.turn();
    CHECK(world.state() == RouteState::stopped);
    int const wakes = world.source.wakes;
    world.intake->try_again();
    CHECK(world.source.wakes > wakes);
    world.turn();
    CHECK(world.state() == RouteState::flowing);
    CHECK(world.topic.letters.size() == 1);
}

TEST_CASE("a picture says that a route is paused even where its state shows worse") {
    CommandedWorld world(1);
    Random random(1);
    CHECK_FALSE(world.picture().is_paused);
    world.gate.on_blocked({false, world.clock.now(), world.clock.wall()}, "401", random);
    std::ignore = world.ask(RouteAction::pause);
    CHECK(world.state() == RouteState::blocked);
    CHECK(world.picture().is_paused);
    std::ignore = world.ask(RouteAction::resume);
    CHECK_FALSE(world.picture().is_paused);
}

TEST_CASE("a route takes another share of the memory while it runs") {
    CommandedWorld world(0);
    world.intake->set_limits({.memory_bytes = 4000, .uncommitted_records_max = 100'000});
    CHECK(world.picture().memory_limit_bytes == 4000);
    world.produce(2000);
    world.turn();
    auto const few = world.picture().read;
    CHECK(few < 100);
    world.intake->set_limits({.memory_bytes = 1 << 20, .uncommitted_records_max = 100'000});
    world.turn();
    CHECK(world.picture().read > 2 * few);
    CHECK(world.picture().unaccounted == 0);
}
