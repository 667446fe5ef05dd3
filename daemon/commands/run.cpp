#include "base/heap.hpp"
#include "commands/commands.hpp"
#include "commands/config_file.hpp"
#include "daemon.hpp"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <csignal>
#include <cstdlib>
#include <ostream>
#include <unistd.h>

namespace headrace::commands {
namespace {

/// What may pass beyond limits.drain_secs before the process ends by force: a loop that does not
/// come round.
constexpr Duration force_after = std::chrono::seconds(1);

/// The running daemon and the signals that it obeys.
class Session {
  public:
    Session(boost::asio::io_context& io, ops::Log& log)
        : io_(io), log_(log), signals_(io), limit_(io) {}

    void watch(Daemon& daemon) {
        daemon_ = &daemon;
        signals_.add(SIGTERM);
        signals_.add(SIGINT);
        signals_.add(SIGHUP);
        wait();
    }

  private:
    void wait() {
        signals_.async_wait([this](boost::system::error_code error, int signal) {
            if (!error) on_signal(signal);
        });
    }
    void on_signal(int signal) {
        if (signal == SIGHUP) {
            daemon_->reload("SIGHUP");
        } else if (is_draining_) {
            log_.write(ops::LogLevel::warn, "forced_exit",
                       "a second signal came: leaving without draining");
            std::_Exit(exit_failure);
        } else {
            is_draining_ = true;
            daemon_->drain();
            limit_.expires_after(daemon_->drain_time() + force_after);
            limit_.async_wait([this](boost::system::error_code error) {
                if (error) return;
                log_.write(ops::LogLevel::error, "forced_exit",
                           "limits.drain_secs has passed: leaving without draining");
                std::_Exit(exit_failure);
            });
        }
        wait();
    }

    boost::asio::io_context& io_;
    ops::Log& log_;
    boost::asio::signal_set signals_;
    boost::asio::steady_timer limit_;
    Daemon* daemon_ = nullptr;
    bool is_draining_ = false;
};

}  // namespace

int execute(RunCommand const& command, Streams streams) {
    give_back_large_buffers();
    auto loaded = load_config(command.config, streams);
    if (!loaded) return exit_bad_config;
    SystemClock const clock;
    ops::Log log(loaded->log, clock, ops::standard_log_target(std::getenv("JOURNAL_STREAM")));
    boost::asio::io_context io(1);
    auto made = Daemon::make(std::move(*loaded),
                             {.io = io,
                              .clock = clock,
                              .log = log,
                              .service = ops::read_service_settings(::getenv, ::getpid()),
                              .on_drained = [&] { io.stop(); },
                              .config_file = command.config});
    if (!made) {
        streams.err << command.config << ": " << made.error().message << '\n';
        return exit_bad_config;
    }
    auto daemon = std::move(*made);
    Session session(io, log);
    session.watch(*daemon);
    if (auto const started = daemon->start(); !started) {
        log.write(ops::LogLevel::error, "start_failed", started.error().message);
        return exit_failure;
    }
    io.run();
    if (!daemon->was_clean()) {
        // Requests may still be under way in the workers: the system takes the memory back better
        // than we could.
        log.write(ops::LogLevel::warn, "stopped", "not everything was resolved in time");
        std::_Exit(exit_failure);
    }
    log.write(ops::LogLevel::info, "stopped", "drained");
    return exit_ok;
}

}  // namespace headrace::commands
