#include "commands/commands.hpp"
#include "commands/demo_feed.hpp"
#include "commands/demo_summary.hpp"
#include "config/listen_address.hpp"
#include "config/load.hpp"
#include "daemon.hpp"
#include "emulator/emulator_server.hpp"
#include "emulator/milvus.hpp"
#include "emulator/tecton.hpp"
#include "kafka/mock_cluster.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <csignal>
#include <cstdlib>
#include <limits>
#include <ostream>
#include <thread>

namespace headrace::commands {
namespace {

constexpr int partitions = 4;
/// librdkafka's mock cluster forgets what is more than 5 MiB old: the feed stays so many records
/// ahead at most (about 1 MiB).
constexpr std::uint64_t ahead_max = 4000;
constexpr Duration feed_interval = std::chrono::milliseconds(10);
/// Without an end in sight the demo leaves the machine to its user.
constexpr double endless_records_per_sec = 2500;
constexpr Duration patience = std::chrono::seconds(30);

/// The configuration that a user would write, with the doubles' addresses in it.
std::string config_text(std::string const& bootstrap, std::string const& admin, int tecton,
                        int milvus) {
    return "kafka: {bootstrap_servers: \"" + bootstrap + "\"}\nadmin: {listen: \"" + admin +
           "\"}\nlog: {level: warn}\nlimits: {drain_secs: 10}\nroutes:\n"
           "  - name: clicks\n    source: {topics: [clicks]}\n    destination:\n      type: "
           "tecton\n"
           "      url: http://127.0.0.1:" +
           std::to_string(tecton) +
           "/ingest\n      api_key: demo-key\n      workspace_name: prod\n      "
           "stream_source_name: clicks\n"
           "  - name: documents\n    source: {topics: [documents]}\n    destination:\n      type: "
           "milvus\n"
           "      url: http://127.0.0.1:" +
           std::to_string(milvus) + "\n      collection: docs\n";
}

/// Tecton and Milvus on a thread of their own, as they would be on machines of their own.
class Doubles {
  public:
    explicit Doubles(Clock const& clock)
        : tecton_(io_.get_executor(), {},
                  emulator::TectonEmulator(tecton_settings(), {clock.now(), clock.wall()}), clock),
          milvus_(io_.get_executor(), {},
                  emulator::MilvusEmulator(milvus_settings(), {clock.now(), clock.wall()}), clock) {
    }
    ~Doubles() {
        if (!thread_.joinable()) return;
        io_.stop();
        thread_.join();
    }
    Result<void> start() {
        auto const tecton = tecton_.start();
        if (!tecton) return tecton.error();
        auto const milvus = milvus_.start();
        if (!milvus) return milvus.error();
        tecton_port = *tecton;
        milvus_port = *milvus;
        thread_ = std::thread([this] { io_.run(); });
        return {};
    }
    StoreCheck check(FeedCounts produced) {
        StoreCheck check;
        auto const count = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
        tecton_.inspect([&](emulator::TectonEmulator& logic) {
            auto const& sources = logic.store().sources();
            auto const clicks = sources.find("clicks");
            check.clicks_missing = produced.clicks;
            if (clicks == sources.end()) return;
            check.clicks_missing = clicks->second.ids.missing(count(produced.clicks), 0).total;
            check.written_again += clicks->second.ids.duplicates();
        });
        milvus_.inspect([&](emulator::MilvusEmulator& logic) {
            check.documents_missing = produced.documents;
            for (auto const& entry : logic.store().all_counts()) {
                if (entry.collection.find("docs") == std::string::npos) continue;
                check.documents_missing =
                    entry.counts->ids.missing(count(produced.documents), 0).total;
                check.written_again += entry.counts->ids.duplicates();
            }
        });
        return check;
    }
    int tecton_port = 0;
    int milvus_port = 0;

  private:
    static emulator::TectonSettings tecton_settings() {
        auto settings = emulator::default_tecton_settings();
        settings.switches.store = emulator::StoreForm::ids;
        return settings;
    }
    static emulator::MilvusSettings milvus_settings() {
        auto settings = emulator::default_milvus_settings(demo_dimension);
        settings.switches.store = emulator::StoreForm::ids;
        return settings;
    }
    boost::asio::io_context io_{1};
    emulator::TectonServer tecton_;
    emulator::MilvusServer milvus_;
    std::thread thread_;
};

/// The demo while it runs: feeds, tells progress each second, and drains when all is through or a
/// signal comes.
class Run {
  public:
    struct Parts {
        boost::asio::io_context& io;
        Clock const& clock;
        Daemon& daemon;
        DemoFeed& feed;
        Streams streams;
    };
    Run(Parts parts, std::uint64_t records)
        : with_(parts),
          goal_(records == 0 ? FeedCounts{std::numeric_limits<std::uint64_t>::max(),
                                          std::numeric_limits<std::uint64_t>::max()}
                             : FeedCounts::share(records)),
          is_endless_(records == 0),
          feed_timer_(parts.io),
          progress_timer_(parts.io),
          signals_(parts.io, SIGTERM, SIGINT),
          started_at_(parts.clock.now()),
          progressed_at_(started_at_) {}

    void start() {
        signals_.async_wait([this](boost::system::error_code error, int) {
            if (error) return;
            end();
            signals_.async_wait([](boost::system::error_code again, int) {
                if (!again) std::_Exit(exit_failure);
            });
        });
        feed();
        tell_progress();
    }
    [[nodiscard]] double elapsed_secs() const {
        return std::chrono::duration<double>(
                   (ended_at_ == TimePoint{} ? with_.clock.now() : ended_at_) - started_at_)
            .count();
    }
    [[nodiscard]] bool has_failed() const noexcept { return has_failed_; }

  private:
    void feed() {
        auto const routes = with_.daemon.snapshots();
        std::uint64_t const clicks = routes[0].written;
        std::uint64_t const documents = routes[1].written;
        watch_progress(clicks + documents);
        auto limit = FeedCounts{clicks + ahead_max, documents + ahead_max};
        if (is_endless_) {
            auto const paced = FeedCounts::share(
                static_cast<std::uint64_t>(elapsed_secs() * endless_records_per_sec));
            limit = {std::min(limit.clicks, paced.clicks),
                     std::min(limit.documents, paced.documents)};
        }
        auto const fed = with_.feed.write_up_to(
            {std::min(goal_.clicks, limit.clicks), std::min(goal_.documents, limit.documents)},
            with_.clock.wall());
        if (!fed) fail(fed.error().message);
        bool const is_through = clicks == goal_.clicks && documents == goal_.documents;
        if (is_through) end();
        if (is_ending_) return;
        feed_timer_.expires_after(feed_interval);
        feed_timer_.async_wait([this](boost::system::error_code error) {
            if (!error) feed();
        });
    }
    void watch_progress(std::uint64_t written) {
        auto const now = with_.clock.now();
        if (written != written_) progressed_at_ = now;
        written_ = written;
        if (now - progressed_at_ > patience)
            fail("nothing was written for 30 s; see the log above and the admin page");
    }
    void tell_progress() {
        if (is_ending_) return;
        progress_timer_.expires_after(std::chrono::seconds(1));
        progress_timer_.async_wait([this](boost::system::error_code error) {
            if (error || is_ending_) return;
            with_.streams.out << progress_line(elapsed_secs(), with_.feed.written(),
                                               with_.daemon.snapshots())
                              << std::flush;
            tell_progress();
        });
    }
    void fail(std::string const& why) {
        if (std::exchange(has_failed_, true)) return;
        with_.streams.err << "demo: " << why << '\n';
        end();
    }
    void end() {
        if (std::exchange(is_ending_, true)) return;
        ended_at_ = with_.clock.now();
        feed_timer_.cancel();
        progress_timer_.cancel();
        with_.daemon.drain();
    }

    Parts with_;
    FeedCounts goal_;
    bool is_endless_;
    boost::asio::steady_timer feed_timer_;
    boost::asio::steady_timer progress_timer_;
    boost::asio::signal_set signals_;
    TimePoint started_at_;
    TimePoint progressed_at_;
    TimePoint ended_at_{};
    std::uint64_t written_ = 0;
    bool is_ending_ = false;
    bool has_failed_ = false;
};

int complain(Streams streams, std::string const& message) {
    streams.err << "demo: " << message << '\n';
    return exit_failure;
}

}  // namespace

int execute(DemoCommand const& command, Streams streams) {
    SystemClock const clock;
    Doubles doubles(clock);
    if (auto const started = doubles.start(); !started)
        return complain(streams, started.error().message);
    auto cluster = kafka::MockCluster::make();
    if (!cluster) return complain(streams, cluster.error().message);
    for (auto const* const topic : {"clicks", "documents"}) {
        if (auto const made = (*cluster)->create_topic(topic, partitions); !made) {
            return complain(streams, made.error().message);
        }
    }
    auto producer = kafka::Producer::make((*cluster)->bootstrap(), {{"linger.ms", "5"}});
    if (!producer) return complain(streams, producer.error().message);
    auto loaded = config::load_text(config_text((*cluster)->bootstrap(), command.admin,
                                                doubles.tecton_port, doubles.milvus_port),
                                    "demo", config::Environment::system());
    if (auto const* const wrong = std::get_if<std::vector<config::Diagnostic>>(&loaded)) {
        return complain(streams, wrong->front().text());
    }
    auto& config = std::get<config::Config>(loaded);
    ops::Log log(config.log, clock);
    boost::asio::io_context io(1);
    auto made =
        Daemon::make(std::move(config),
                     {.io = io, .clock = clock, .log = log, .on_drained = [&] { io.stop(); }});
    if (!made) return complain(streams, made.error().message);
    auto daemon = std::move(*made);
    if (auto const started = daemon->start(); !started)
        return complain(streams, started.error().message);
    streams.out << "Kafka (librdkafka's mock cluster), Tecton and Milvus (emulators) play inside "
                   "this process.\n"
                << "Admin page: http://127.0.0.1:" << daemon->admin_port() << "/\n"
                << std::flush;
    DemoFeed feed(std::move(*producer));
    Run run({.io = io, .clock = clock, .daemon = *daemon, .feed = feed, .streams = streams},
            command.records);
    run.start();
    io.run();
    auto const check = doubles.check(feed.written());
    streams.out << summary(run.elapsed_secs(), feed.written(), daemon->snapshots(), check)
                << std::flush;
    bool const was_clean = daemon->was_clean();
    if (!was_clean) std::_Exit(exit_failure);
    // After Ctrl-C what was still in Kafka stays there; only an end by itself promises that all
    // arrived.
    bool const is_whole = command.records == 0 || check.is_complete();
    return is_whole && !run.has_failed() ? exit_ok : exit_failure;
}

}  // namespace headrace::commands
