// All faults of the campaign together, in a random order: two instances of the daemon, a real
// Apache Kafka and the double of Tecton, both behind proxies. Nothing may be missing afterwards.
#include "base/random.hpp"
#include "harness/kafka_scene.hpp"

#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>

#include <array>
#include <csignal>
#include <memory>

namespace headrace::integration {
namespace {

using namespace std::chrono_literals;
using emulator::FaultKind;
using emulator::FaultRule;

FaultRule brief(FaultKind kind, int status = 503) {
    FaultRule rule;
    rule.fault.kind = kind;
    rule.fault.status = status;
    rule.fault.wait_ms = 600'000;
    rule.until = 500ms;
    return rule;
}

class Chaos {
  public:
    explicit Chaos(std::uint64_t seed)
        : random_(seed), scene_("chaos"), destination_(scene_.emulators.tecton_port()) {
        scene_.create_dead_letter_topic();
        scene_.emulators.break_tecton(twenty_ms_each());
        for (std::size_t i = 0; i != daemons_.size(); ++i) {
            start(i);
        }
    }

    /// One fault, with records under way before it and some written after it.
    void step() {
        struct Fault {
            char const* name;
            void (Chaos::*happen)(std::size_t which);
        };
        static constexpr std::array<Fault, 10> faults{
            {{"kill -9", &Chaos::kill},
             {"SIGTERM", &Chaos::terminate},
             {"SIGSTOP", &Chaos::stop},
             {"destination answers 503", &Chaos::fail},
             {"destination writes and resets", &Chaos::write_and_reset},
             {"destination answers 401", &Chaos::lock_out},
             {"destination connections cut", &Chaos::cut_destination},
             {"destination hangs", &Chaos::hang},
             {"Kafka connections cut", &Chaos::cut_kafka},
             {"broker killed", &Chaos::crash_broker}}};
        // Before it is fed: a slow test shall not wait for what was already written.
        auto const before = scene_.written();
        feed();
        auto const& fault = faults.at(pick(faults.size()));
        history_ += std::string(history_.empty() ? "" : ", ") + fault.name;
        INFO(history_);
        scene_.until_written_in_all(*daemons_[0], before + slice / 5);
        (this->*fault.happen)(pick(daemons_.size()));
        scene_.until_written_in_all(*daemons_[0], before + slice / 2);
    }

    void check_end() {
        INFO(history_);
        scene_.emulators.mend_tecton();
        scene_.until_through(*daemons_[0]);
        scene_.check_nothing_lost(total_, poison_);
        for (auto const& daemon : daemons_) {
            check_settled(*daemon);
            CHECK(daemon->terminate() == 0);
        }
    }

  private:
    static constexpr std::int64_t slice = 1'500;

    [[nodiscard]] std::size_t pick(std::size_t count) {
        return static_cast<std::size_t>(random_.unit() * static_cast<double>(count));
    }

    void feed() {
        poison_.insert(total_ + static_cast<std::int64_t>(pick(slice)));
        scene_.feed(total_, slice, poison_);
        total_ += slice;
    }

    void start(std::size_t which) {
        auto const name = "member-" + std::to_string(which);
        daemons_[which] = std::make_unique<RunningDaemon>(
            scene_.folder, name + "." + std::to_string(++starts_),
            scene_.config({.bootstrap = KafkaScene::proxied_bootstrap(),
                           .properties = CampaignText{}.properties + ", socket.timeout.ms: 3000",
                           .source = which == 0 ? ", instance_id: " + name : "",
                           .url = KafkaScene::url_by(destination_),
                           .http = "{concurrency: 8, timeout_secs: 2.0}"}));
        REQUIRE(daemons_[which]->has_started());
    }

    void kill(std::size_t which) {
        daemons_[which]->process().signal(SIGKILL);
        REQUIRE(daemons_[which]->process().wait(patience) == 128 + SIGKILL);
        start(which);
    }
    void terminate(std::size_t which) {
        // The last fault may still be there, and then it is not a clean end.
        auto const exit_code = daemons_[which]->terminate();
        CHECK((exit_code == 0 || exit_code == 1));
        start(which);
    }
    void stop(std::size_t which) {
        daemons_[which]->process().signal(SIGSTOP);
        feed();
        scene_.until(*daemons_[1 - which], "the other one takes over",
                     [&] { return scene_.is_through(); });
        daemons_[which]->process().signal(SIGCONT);
    }
    void fail(std::size_t) { add(brief(FaultKind::status)); }
    void lock_out(std::size_t) { add(brief(FaultKind::status, 401)); }
    void hang(std::size_t) { add(brief(FaultKind::stall)); }
    void write_and_reset(std::size_t) {
        auto rule = brief(FaultKind::reset);
        rule.fault.write = emulator::WriteEffect::whole;
        add(rule);
    }
    /// Latency stays the last of the rules: the first that fires wins.
    void add(FaultRule const& rule) {
        scene_.emulators.mend_tecton();
        scene_.emulators.break_tecton(rule);
        scene_.emulators.break_tecton(twenty_ms_each());
    }
    void cut_destination(std::size_t) { destination_.cut_all(any_cut()); }
    void cut_kafka(std::size_t) { KafkaScene::kafka_proxy().cut_all(any_cut()); }
    void crash_broker(std::size_t) {
        KafkaScene::broker().crash();
        KafkaScene::broker().begin_again();
        KafkaScene::broker().await_start();
    }
    [[nodiscard]] Cut any_cut() {
        return std::array{Cut::close, Cut::reset, Cut::half_open}.at(pick(3));
    }

    Random random_;
    KafkaScene scene_;
    FaultProxy destination_;
    std::array<std::unique_ptr<RunningDaemon>, 2> daemons_;
    std::int64_t total_ = 0;
    std::set<std::int64_t> poison_;
    int starts_ = 0;
    std::string history_;
};

TEST_CASE("all faults together in a random order: nothing is missing") {
    INFO("--rng-seed " << Catch::getSeed());
    Chaos chaos(Catch::getSeed());
    for (auto left = sized(5, 40); left != 0; --left) {
        chaos.step();
    }
    chaos.check_end();
}

}  // namespace
}  // namespace headrace::integration
