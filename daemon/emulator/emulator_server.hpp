// An emulator on a socket: owns the pure logic and the HTTP server, and waits as the logic says.
// Used by `headrace demo`, `headrace emulator`, tests and benchmarks. Thread safety: make, start,
// stop and destroy it on the executor's one thread (or while that thread does not run); inspect()
// may be called from any thread.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "emulator/milvus.hpp"
#include "emulator/tecton.hpp"
#include "http/server.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>
#include <mutex>

namespace headrace::emulator {

template <class Logic>
class EmulatorServer {
  public:
    /// `clock` must outlive the server and everything that waits in it.
    EmulatorServer(boost::asio::any_io_executor executor, http::ServerSettings settings,
                   Logic logic, Clock const& clock);
    ~EmulatorServer();
    EmulatorServer(EmulatorServer const&) = delete;
    EmulatorServer& operator=(EmulatorServer const&) = delete;

    /// Binds and accepts; the port that clients use.
    [[nodiscard]] Result<std::uint16_t> start();
    /// Closes everything; answers that still wait are given up.
    void stop();
    /// Closes connections that are idle now.
    void close_idle();

    /// Calls `look(Logic&)` while no request is being handled: for figures, switches and faults.
    template <class Look>
    auto inspect(Look&& look) {
        std::scoped_lock const lock(mutex());
        return look(up_to_date());
    }

  private:
    struct Impl;
    [[nodiscard]] std::mutex& mutex();
    [[nodiscard]] Logic& up_to_date();

    std::shared_ptr<Impl> impl_;
};

extern template class EmulatorServer<TectonEmulator>;
extern template class EmulatorServer<MilvusEmulator>;

using TectonServer = EmulatorServer<TectonEmulator>;
using MilvusServer = EmulatorServer<MilvusEmulator>;

}  // namespace headrace::emulator
