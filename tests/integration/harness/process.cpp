#include "harness/process.hpp"

#include "harness/temporary_folder.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace headrace::integration {
namespace {

constexpr int exit_not_started = 127;

[[noreturn]] void fail(char const* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

/// In the child, between fork and exec: system calls alone.
[[noreturn]] void become(char* const* arguments, int output, pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(exit_not_started);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    // Sockets of the doubles and proxies, which a child would keep open after them.
    ::close_range(STDERR_FILENO + 1, ~0U, 0);
    ::execv(arguments[0], arguments);
    ::_exit(exit_not_started);
}

}  // namespace

Process::Process(std::vector<std::string> arguments, std::filesystem::path output)
    : output_(std::move(output)) {
    std::vector<char*> pointers;
    for (auto& argument : arguments) {
        pointers.push_back(argument.data());
    }
    pointers.push_back(nullptr);
    int const file = ::open(output_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) fail("open");
    pid_t const parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) become(pointers.data(), file, parent);
    ::close(file);
    if (pid_ < 0) fail("fork");
    // The C library of Debian 12 declares pidfd_open for C alone.
    pid_file_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
    if (pid_file_ < 0) fail("pidfd_open");
}

Process::~Process() {
    if (!exit_code_) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    ::close(pid_file_);
}

void Process::signal(int number) const {
    // Its number may be another's once it was waited for.
    if (!exit_code_) ::kill(pid_, number);
}

std::optional<int> Process::wait(Duration limit) {
    if (exit_code_) return exit_code_;
    pollfd ended{pid_file_, POLLIN, 0};
    auto const limit_ms = std::chrono::duration_cast<std::chrono::milliseconds>(limit).count();
    if (::poll(&ended, 1, static_cast<int>(limit_ms)) != 1) return std::nullopt;
    int status = 0;
    if (::waitpid(pid_, &status, 0) != pid_) fail("waitpid");
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return exit_code_;
}

std::string Process::output() const {
    return read_file(output_);
}

}  // namespace headrace::integration
