// What the admin address answers: a request in, an answer out, no socket. Used by AdminServer; the
// texts themselves come from metrics, status_json and page. Read-only: nothing here changes the
// daemon.
// Thread safety: as its sources; it keeps no state of its own.
#pragma once

#include "base/clock.hpp"
#include "http/server.hpp"
#include "ops/config_status.hpp"
#include "ops/process_sample.hpp"
#include "ops/snapshot_source.hpp"

#include <functional>
#include <string>
#include <vector>

namespace headrace::ops {

/// Where the answers come from. Each is asked at most once per request and must not wait.
struct AdminSources {
    SnapshotSource snapshots;
    /// Names of the loops that do not beat; empty while all do.
    std::function<std::vector<std::string>()> stalled_loops;
    std::function<ProcessSample()> process = [] { return read_process_sample(); };
    std::string version;
    ConfigStatusSource config = [] { return ConfigStatus(); };
};

class AdminAnswers {
  public:
    /// `clock` outlives it; the uptime counts from now.
    AdminAnswers(AdminSources sources, Clock const& clock);

    /// The answer to GET and, with the same body, to HEAD; 404 for other paths, 405 for other
    /// methods.
    [[nodiscard]] http::ServerResponse answer(http::ServerRequest const& request) const;

  private:
    [[nodiscard]] http::ServerResponse metrics() const;
    [[nodiscard]] http::ServerResponse health() const;
    [[nodiscard]] http::ServerResponse readiness() const;
    [[nodiscard]] http::ServerResponse status() const;
    [[nodiscard]] http::ServerResponse page() const;

    AdminSources sources_;
    Clock const& clock_;
    TimePoint started_at_;
};

}  // namespace headrace::ops
