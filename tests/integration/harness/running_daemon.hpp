// The built binary as `headrace run` on a configuration, in a process of its own, with its admin
// address. Thread safety: one thread.
#pragma once

#include "harness/admin_client.hpp"
#include "harness/await.hpp"
#include "harness/process.hpp"
#include "harness/temporary_folder.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::integration {

/// Labels that a series must have; others may be there as well.
using Labels = std::map<std::string, std::string>;

class RunningDaemon {
  public:
    /// Begins the process; does not wait for anything. `name` names its files in `folder`.
    RunningDaemon(TemporaryFolder const& folder, std::string const& name, std::string_view config);

    /// Waits until the admin address answers; false if the process ended or never came so far.
    [[nodiscard]] bool has_started();
    [[nodiscard]] AdminAnswer get(std::string const& path);
    [[nodiscard]] bool is_ready() { return get("/readyz").status == 200; }
    /// The sum of all series of that name with those labels; -1 if there is none.
    [[nodiscard]] double metric(std::string const& name, Labels const& labels = {});
    /// The state that headrace_route_state says; empty if there is no answer.
    [[nodiscard]] std::string state(std::string const& route);

    [[nodiscard]] std::string log() const { return process_.output(); }
    [[nodiscard]] bool has_logged(std::string const& text) const {
        return log().find(text) != std::string::npos;
    }
    [[nodiscard]] Process& process() noexcept { return process_; }
    /// SIGTERM, and what it ended with.
    [[nodiscard]] std::optional<int> terminate(Duration limit = patience);
    /// What a failed test shows: the end of the log, and what the admin address says.
    [[nodiscard]] std::string story();

  private:
    [[nodiscard]] std::uint16_t find_admin_port() const;

    Process process_;
    std::uint16_t admin_port_ = 0;
};

/// The binary under test with other arguments, until it ends.
struct Ended {
    int exit_code = -1;  ///< -1: it did not end in time.
    std::string output;
};
[[nodiscard]] Ended run_binary(TemporaryFolder const& folder, std::vector<std::string> arguments);

}  // namespace headrace::integration
