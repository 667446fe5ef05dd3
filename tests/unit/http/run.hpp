// Runs coroutines to their end inside a test, with a bound on the wait.
#pragma once

#include "base/clock.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace headrace::http::testing {

inline constexpr auto patience = std::chrono::seconds(30);

/// Runs `io` until `reached` is true; fails the test if that takes longer than `patience`.
inline void run_until(boost::asio::io_context& io, std::function<bool()> const& reached) {
    auto const limit = SystemClock().now() + patience;
    while (!reached()) {
        io.restart();
        io.run_one_until(limit);
        if (SystemClock().now() >= limit) FAIL("what the test waits for never came");
    }
}

/// A coroutine under way.
template <class T>
class Started {
  public:
    Started(boost::asio::io_context& io, boost::asio::awaitable<T> work) : io_(io) {
        boost::asio::co_spawn(io, std::move(work),
                              [state = state_](std::exception_ptr error, T value) {
                                  state->error = error;
                                  state->value = std::move(value);
                              });
    }
    [[nodiscard]] bool is_done() const { return state_->value.has_value(); }
    T finish() {
        run_until(io_, [this] { return is_done(); });
        if (state_->error) std::rethrow_exception(state_->error);
        return std::move(*state_->value);
    }

  private:
    struct State {
        std::exception_ptr error;
        std::optional<T> value;
    };
    boost::asio::io_context& io_;
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

template <class T>
T run(boost::asio::io_context& io, boost::asio::awaitable<T> work) {
    return Started<T>(io, std::move(work)).finish();
}

}  // namespace headrace::http::testing
