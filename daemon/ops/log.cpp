#include "ops/log.hpp"

#include "ops/datagram_socket.hpp"
#include "ops/journal_entry.hpp"
#include "ops/log_output.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <string>
#include <unistd.h>
#include <utility>

namespace headrace::ops {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warn:
            return spdlog::level::warn;
        case LogLevel::error:
            return spdlog::level::err;
    }
    return spdlog::level::err;
}

LogLevel from_spdlog(spdlog::level::level_enum level) noexcept {
    switch (level) {
        case spdlog::level::debug:
            return LogLevel::debug;
        case spdlog::level::info:
            return LogLevel::info;
        case spdlog::level::warn:
            return LogLevel::warn;
        default:
            return LogLevel::error;
    }
}

/// Where entries go, in the form that they have there.
class Target {
  public:
    virtual ~Target() = default;
    [[nodiscard]] virtual std::string format(LogEvent const& event) const = 0;
    [[nodiscard]] virtual bool write(std::string_view entry) = 0;
};

/// Lines on a descriptor.
class LineTarget final : public Target {
  public:
    LineTarget(std::atomic<LogFormat> const& format, Clock const& clock, int descriptor)
        : format_(format), clock_(clock), output_(descriptor) {}
    [[nodiscard]] std::string format(LogEvent const& event) const override {
        return format_log_line(format_, clock_.wall(), event);
    }
    [[nodiscard]] bool write(std::string_view entry) override { return output_.write(entry); }

  private:
    std::atomic<LogFormat> const& format_;
    Clock const& clock_;
    LogOutput output_;
};

/// Entries with fields in systemd's journal.
class JournalTarget final : public Target {
  public:
    JournalTarget(std::atomic<LogFormat> const& format, Clock const& clock, DatagramSocket socket)
        : format_(format), clock_(clock), socket_(std::move(socket)) {}
    [[nodiscard]] std::string format(LogEvent const& event) const override {
        return format_journal_entry(format_, clock_.wall(), event);
    }
    [[nodiscard]] bool write(std::string_view entry) override { return socket_.send(entry); }

  private:
    std::atomic<LogFormat> const& format_;
    Clock const& clock_;
    DatagramSocket socket_;
};

std::unique_ptr<Target> make_target(std::atomic<LogFormat> const& format, Clock const& clock,
                                    LogTarget const& target) {
    if (!target.journal_socket.empty()) {
        if (auto socket = DatagramSocket::open(target.journal_socket))
            return std::make_unique<JournalTarget>(format, clock, std::move(*socket));
    }
    return std::make_unique<LineTarget>(format, clock, target.descriptor);
}

/// Takes entries that are formatted already, and tells of those that were dropped before them.
class EntrySink final : public spdlog::sinks::base_sink<std::mutex> {
  public:
    explicit EntrySink(Target& target) : target_(target) {}

  private:
    void sink_it_(spdlog::details::log_msg const& entry) override {
        bool const is_through =
            tell_dropped() && target_.write({entry.payload.data(), entry.payload.size()});
        if (!is_through) ++dropped_;
    }

    void flush_() override {}

    /// False while entries are missing and cannot even be told of.
    bool tell_dropped() {
        if (dropped_ == 0) return true;
        LogField const fields[] = {{"count", dropped_}};
        LogEvent const event{LogLevel::warn, "log_lines_dropped",
                             "stderr did not take these lines; look at what reads it", fields};
        if (!target_.write(target_.format(event))) return false;
        dropped_ = 0;
        return true;
    }

    Target& target_;
    std::uint64_t dropped_ = 0;
};

}  // namespace

LogTarget standard_log_target(char const* journal_stream) {
    constexpr int standard_error = 2;
    constexpr char const* socket = "/run/systemd/journal/socket";
    bool const is_journal = journal_stream != nullptr &&
                            is_journal_stream(journal_stream, standard_error) &&
                            ::access(socket, W_OK) == 0;
    return {.descriptor = standard_error, .journal_socket = is_journal ? socket : ""};
}

struct Log::Impl {
    Impl(LogSettings settings, Clock const& clock, LogTarget const& where)
        : format(settings.format),
          target(make_target(format, clock, where)),
          logger("headrace", std::make_shared<EntrySink>(*target)) {}

    std::atomic<LogFormat> format;
    std::unique_ptr<Target> target;
    spdlog::logger logger;
};

Log::Log(LogSettings settings, Clock const& clock, LogTarget const& target)
    : impl_(std::make_unique<Impl>(settings, clock, target)) {
    std::signal(SIGPIPE, SIG_IGN);
    // spdlog's own handler would print to stderr, and wait there.
    impl_->logger.set_error_handler([](std::string const&) {});
    set_level(settings.level);
}

Log::~Log() = default;

void Log::write(LogLevel level, std::string_view kind, std::string_view message,
                std::span<LogField const> fields) {
    if (!is_enabled(level)) return;
    std::string const entry = impl_->target->format({level, kind, message, fields});
    impl_->logger.log(to_spdlog(level), spdlog::string_view_t(entry.data(), entry.size()));
}

bool Log::is_enabled(LogLevel level) const noexcept {
    return impl_->logger.should_log(to_spdlog(level));
}

LogLevel Log::level() const noexcept {
    return from_spdlog(impl_->logger.level());
}

void Log::set_level(LogLevel level) noexcept {
    impl_->logger.set_level(to_spdlog(level));
}

void Log::set_format(LogFormat format) noexcept {
    impl_->format = format;
}

}  // namespace headrace::ops
