// A child process with what it prints in a file. It never outlives its owner: the destructor kills
// it, and the kernel does so when the tests themselves are killed. Thread safety: one thread, the
// one that lives as long as the tests.
#pragma once

#include "base/clock.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace headrace::integration {

class Process {
  public:
    /// Runs `arguments[0]` without a shell; stdout and stderr go to the file `output`.
    Process(std::vector<std::string> arguments, std::filesystem::path output);
    ~Process();
    Process(Process const&) = delete;
    Process& operator=(Process const&) = delete;

    void signal(int number) const;
    /// What it ended with, 128 and the number for a signal; nothing if it still runs.
    [[nodiscard]] std::optional<int> wait(Duration limit);
    [[nodiscard]] bool is_running() { return !wait(Duration::zero()); }
    [[nodiscard]] std::string output() const;
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  private:
    std::filesystem::path output_;
    pid_t pid_ = -1;
    int pid_file_ = -1;
    std::optional<int> exit_code_;
};

}  // namespace headrace::integration
