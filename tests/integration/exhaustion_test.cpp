// What the system gives runs out: file descriptors, room for the log, a reader of the log,
// processor time. The daemon is slower then and never wrong, and goes on by itself.
#include "harness/mock_scene.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace headrace::integration {
namespace {

using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__)
constexpr bool is_sanitized = true;
#else
constexpr bool is_sanitized = false;
#endif

void limit_files(Process const& process, rlim_t count) {
    rlimit limit{};
    REQUIRE(::prlimit(process.pid(), RLIMIT_NOFILE, nullptr, &limit) == 0);
    limit.rlim_cur = count;
    REQUIRE(::prlimit(process.pid(), RLIMIT_NOFILE, &limit, nullptr) == 0);
}

TEST_CASE("without file descriptors the daemon waits, names the limit, and goes on with more") {
    // The undefined-behaviour sanitizer opens a pipe to see whether memory is readable, and takes
    // its failure for a broken object.
    if (is_sanitized) SKIP("the sanitizer itself needs descriptors");
    MockScene scene;
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config({.http = "{concurrency: 8}"}));
    REQUIRE(daemon.has_started());
    scene.until(daemon, "it is ready", [&] { return daemon.is_ready(); });
    // Descriptors below the highest may be free.
    limit_files(daemon.process(), 3);
    scene.feed_clicks(0, 500);
    scene.until(daemon, "it names the limit", [&] { return daemon.has_logged("LimitNOFILE"); });
    CHECK(scene.clicks_written() == 0);
    limit_files(daemon.process(), 1024);
    scene.until_through(daemon);
    CHECK(scene.emulators.tecton_missing("clicks", 500) == 0);
    CHECK(daemon.metric("headrace_records_unaccounted") == 0);
    CHECK(daemon.terminate() == 0);
}

/// With lines of somebody else's, so that not one of the daemon's fits.
void fill_pipe(std::filesystem::path const& path) {
    int const writer = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    REQUIRE(writer >= 0);
    std::string const text(4096, 'x');
    while (::write(writer, text.data(), text.size()) > 0) {
    }
    ::close(writer);
}

std::string read_what_is_there(int descriptor) {
    std::string text(8192, '\0');
    auto const count = ::read(descriptor, text.data(), text.size());
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return text;
}

TEST_CASE("a full disk under the log stops nothing") {
    MockScene scene;
    std::filesystem::create_symlink("/dev/full", scene.folder.path() / "daemon.log");
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config());
    scene.feed_clicks(0, 500);
    // Nothing can be read back from there.
    CHECK(await([&] { return scene.is_through(); }));
    CHECK(scene.emulators.tecton_missing("clicks", 500) == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a log that nobody reads on stops nothing, and the lines that were dropped are counted") {
    MockScene scene;
    auto const path = scene.folder.path() / "daemon.log";
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    int const reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    REQUIRE(reader >= 0);
    fill_pipe(path);
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config());
    scene.feed_clicks(0, 500);
    CHECK(await([&] { return scene.is_through(); }));
    CHECK(scene.emulators.tecton_missing("clicks", 500) == 0);
    while (!read_what_is_there(reader).empty()) {
    }
    CHECK(daemon.terminate() == 0);
    auto const seen = read_what_is_there(reader);
    CHECK(seen.find("log_lines_dropped") != std::string::npos);
    ::close(reader);
}

/// Lets a process run for a tenth of the time, in bursts, as a cgroup's quota does.
class Throttle {
  public:
    explicit Throttle(Process const& process)
        : thread_([this, pid = process.pid()] {
              auto const is_over = [this] { return is_over_.load(); };
              do {
                  ::kill(pid, SIGSTOP);
                  std::ignore = await(is_over, 90ms);
                  ::kill(pid, SIGCONT);
              } while (!await(is_over, 10ms));
          }) {}
    ~Throttle() {
        is_over_ = true;
        thread_.join();
    }

  private:
    std::atomic<bool> is_over_{false};
    std::thread thread_;
};

TEST_CASE("with a tenth of a processor everything is written once and committed") {
    MockScene scene;
    RunningDaemon daemon(scene.folder, "daemon", scene.tecton_config());
    REQUIRE(daemon.has_started());
    {
        Throttle const throttle(daemon.process());
        scene.feed_clicks(0, 5000);
        scene.until(
            daemon, "all is written", [&] { return scene.is_through(); }, 120s);
    }
    CHECK(scene.emulators.tecton_missing("clicks", 5000) == 0);
    CHECK(daemon.metric("headrace_records_unaccounted") == 0);
    CHECK(daemon.terminate() == 0);
}

}  // namespace
}  // namespace headrace::integration
