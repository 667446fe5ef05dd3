// The admin address on the wire: AdminAnswers behind an http::Server. Made and stopped by the
// daemon, on an executor that nothing of a record's path uses.
// Thread safety: an instance belongs to its executor's thread; the sources are called there.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "ops/admin_answers.hpp"
#include "ops/settings.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>

namespace headrace::ops {

class AdminServer {
  public:
    /// `clock` outlives it.
    AdminServer(boost::asio::any_io_executor executor, AdminSettings settings, AdminSources sources,
                Clock const& clock);
    ~AdminServer();
    AdminServer(AdminServer const&) = delete;
    AdminServer& operator=(AdminServer const&) = delete;

    /// Binds and begins to answer. The error names admin.listen.
    [[nodiscard]] Result<void> start();
    /// The port that it listens on, once started.
    [[nodiscard]] std::uint16_t port() const noexcept;
    /// Closes the listener and all connections.
    void stop();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace headrace::ops
