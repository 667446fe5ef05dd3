#include "ops/log.hpp"

#include "ops/log_output.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

#include <csignal>
#include <cstdint>
#include <mutex>
#include <string>

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

/// Takes lines that are formatted already, and tells of those that were dropped before them.
class LineSink final : public spdlog::sinks::base_sink<std::mutex> {
  public:
    LineSink(LogFormat format, Clock const& clock, int descriptor)
        : format_(format), clock_(clock), output_(descriptor) {}

  private:
    void sink_it_(spdlog::details::log_msg const& line) override {
        bool const is_through =
            tell_dropped() && output_.write({line.payload.data(), line.payload.size()});
        if (!is_through) ++dropped_;
    }

    void flush_() override {}

    /// False while lines are missing and cannot even be told of.
    bool tell_dropped() {
        if (dropped_ == 0) return true;
        LogField const fields[] = {{"count", dropped_}};
        LogEvent const event{LogLevel::warn, "log_lines_dropped",
                             "stderr did not take these lines; look at what reads it", fields};
        if (!output_.write(format_log_line(format_, clock_.wall(), event))) return false;
        dropped_ = 0;
        return true;
    }

    LogFormat format_;
    Clock const& clock_;
    LogOutput output_;
    std::uint64_t dropped_ = 0;
};

}  // namespace

struct Log::Impl {
    Impl(LogSettings settings, Clock const& clock_to_use, int descriptor)
        : format(settings.format),
          clock(clock_to_use),
          logger("headrace", std::make_shared<LineSink>(settings.format, clock, descriptor)) {}

    LogFormat format;
    Clock const& clock;
    spdlog::logger logger;
};

Log::Log(LogSettings settings, Clock const& clock, int descriptor)
    : impl_(std::make_unique<Impl>(settings, clock, descriptor)) {
    std::signal(SIGPIPE, SIG_IGN);
    // spdlog's own handler would print to stderr, and wait there.
    impl_->logger.set_error_handler([](std::string const&) {});
    set_level(settings.level);
}

Log::~Log() = default;

void Log::write(LogLevel level, std::string_view kind, std::string_view message,
                std::span<LogField const> fields) {
    if (!is_enabled(level)) return;
    std::string const line =
        format_log_line(impl_->format, impl_->clock.wall(), {level, kind, message, fields});
    impl_->logger.log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
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

}  // namespace headrace::ops
