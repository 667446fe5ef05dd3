// Errors as values: Result<T> is a value or an Error, an Error is a stable code plus a sentence for
// the operator. Used by every layer for what can go wrong in operation; programmer faults are
// assertions, not Results. Thread safety: plain values.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace headrace {

/// What kind of thing went wrong. Stable: tests, logs and exit codes hold on to it.
enum class ErrorCode {
    invalid_config,    ///< The configuration cannot be used as it is (exit 78).
    invalid_argument,  ///< The command line is wrong (exit 64).
    invalid_record,    ///< A record's bytes are not what the route needs.
    not_found,         ///< A file, variable, topic or collection does not exist.
    permission,        ///< The operating system or a peer refused access.
    connection,        ///< A peer could not be reached, or the connection broke.
    timeout,           ///< A named limit of time passed.
    tls,               ///< The TLS handshake or a certificate failed.
    too_large,         ///< A named limit of size was passed.
    bad_response,      ///< A peer answered something that cannot be understood.
    kafka,             ///< librdkafka reported an error that fits none of the above.
    io,                ///< A file or socket operation failed.
};

/// The code's name as it stands in logs, for example "bad_response".
std::string_view to_string(ErrorCode code) noexcept;

/// A stable code plus a sentence that says what happened, with numbers, and what to do.
struct Error {
    ErrorCode code = ErrorCode::io;
    std::string message;

    /// The same error with `prefix` put before its message.
    [[nodiscard]] Error with_prefix(std::string_view prefix) const {
        return Error{code, std::string(prefix) + message};
    }
};

/// A value or an Error. REQUIRES: value() only when has_value(), error() only when not.
template <class T>
class [[nodiscard]] Result {
  public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    T& value() & { return std::get<0>(state_); }
    T const& value() const& { return std::get<0>(state_); }
    T&& value() && { return std::get<0>(std::move(state_)); }
    T& operator*() & { return value(); }
    T const& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    T const* operator->() const { return &value(); }

    Error const& error() const& { return std::get<1>(state_); }
    Error&& error() && { return std::get<1>(std::move(state_)); }

  private:
    std::variant<T, Error> state_;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
  public:
    Result() = default;
    Result(Error error) : error_(std::move(error)), failed_(true) {}

    [[nodiscard]] bool has_value() const noexcept { return !failed_; }
    explicit operator bool() const noexcept { return has_value(); }
    Error const& error() const& { return error_; }
    Error&& error() && { return std::move(error_); }

  private:
    Error error_;
    bool failed_ = false;
};

}  // namespace headrace
