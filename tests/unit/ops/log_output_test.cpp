#include "ops/log_output.hpp"

#include "ops/log_line.hpp"
#include "pipe.hpp"

#include <catch2/catch_test_macros.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>

namespace headrace::ops {

TEST_CASE("lines arrive on a pipe in order and whole") {
    Pipe pipe;
    LogOutput output(pipe.writer());
    CHECK(output.write("one\n"));
    CHECK(output.write("two\n"));
    CHECK(pipe.read_present() == "one\ntwo\n");
}

TEST_CASE("a full pipe drops lines instead of waiting") {
    Pipe pipe;
    LogOutput output(pipe.writer());
    pipe.fill();
    std::string const line = std::string(log_line_bytes_max - 1, 'x') + "\n";
    CHECK_FALSE(output.write(line));
    CHECK_FALSE(output.write("short\n"));

    std::string const before = pipe.read_present();
    CHECK(output.write("after\n"));
    CHECK(pipe.read_present() == "after\n");
}

TEST_CASE("the flags of the caller's descriptor stay as they were") {
    Pipe pipe;
    int const before = ::fcntl(pipe.writer(), F_GETFL);
    LogOutput output(pipe.writer());
    CHECK(output.write("x\n"));
    CHECK(::fcntl(pipe.writer(), F_GETFL) == before);
}

TEST_CASE("a reader that went away costs lines, not the process") {
    std::signal(SIGPIPE, SIG_IGN);
    Pipe pipe;
    LogOutput output(pipe.writer());
    pipe.close_reader();
    CHECK_FALSE(output.write("x\n"));
}

TEST_CASE("a socket that takes nothing more drops lines until it takes some again") {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    LogOutput output(ends[0]);
    std::string const line = std::string(log_line_bytes_max - 1, 'x') + "\n";
    int written = 0;
    while (output.write(line) && written < 10'000)
        ++written;
    CHECK(written > 0);

    std::string text;
    char buffer[65536];
    for (ssize_t got; (got = ::recv(ends[1], buffer, sizeof buffer, MSG_DONTWAIT)) > 0;) {
        text.append(buffer, static_cast<std::size_t>(got));
    }
    bool const was_cut = !text.ends_with("\n");
    CHECK(output.write("after\n"));
    ssize_t const got = ::recv(ends[1], buffer, sizeof buffer, MSG_DONTWAIT);
    REQUIRE(got > 0);
    CHECK(std::string(buffer, static_cast<std::size_t>(got)) ==
          (was_cut ? "\nafter\n" : "after\n"));

    ::close(ends[1]);
    CHECK_FALSE(output.write("to nobody\n"));
    ::close(ends[0]);
}

TEST_CASE("a terminal that is stopped drops lines, and the line cut short is ended first") {
    int const master = ::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    REQUIRE(master >= 0);
    REQUIRE(::grantpt(master) == 0);
    REQUIRE(::unlockpt(master) == 0);
    int const terminal = ::open(::ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    REQUIRE(terminal >= 0);
    termios raw{};
    REQUIRE(::tcgetattr(terminal, &raw) == 0);
    ::cfmakeraw(&raw);
    REQUIRE(::tcsetattr(terminal, TCSANOW, &raw) == 0);
    auto const read_present = [&] {
        std::string text;
        char buffer[4096];
        for (ssize_t got; (got = ::read(master, buffer, sizeof buffer)) > 0;) {
            text.append(buffer, static_cast<std::size_t>(got));
        }
        return text;
    };

    LogOutput output(terminal);
    int written = 0;
    while (output.write(std::string(1000, 'x') + "\n") && written < 10'000)
        ++written;
    CHECK(written < 10'000);
    std::string text;
    for (std::string more; !(more = read_present()).empty();)
        text += more;
    CHECK(text.back() == 'x');
    CHECK(output.write("after\n"));
    CHECK(read_present() == "\nafter\n");
    ::close(terminal);
    ::close(master);
}

TEST_CASE("a pipe that cannot be opened a second time is not waited for either") {
    char folder[] = "/tmp/headrace-log-XXXXXX";
    REQUIRE(::mkdtemp(folder) != nullptr);
    std::string const path = std::string(folder) + "/pipe";
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    int const first_reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int const writer = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    REQUIRE(writer >= 0);
    // A named pipe without a reader refuses the opening that does not block.
    ::close(first_reader);
    LogOutput output(writer);
    int const reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    REQUIRE(reader >= 0);

    CHECK(output.write("line\n"));
    char buffer[16]{};
    CHECK(::read(reader, buffer, sizeof buffer) == 5);
    std::string const line = std::string(log_line_bytes_max - 1, 'x') + "\n";
    int written = 0;
    while (output.write(line) && written < 10'000)
        ++written;
    CHECK(written < 10'000);
    ::close(reader);
    ::close(writer);
    ::unlink(path.c_str());
    ::rmdir(folder);
}

TEST_CASE("a regular file is written where its descriptor stands") {
    std::FILE* const file = std::tmpfile();
    REQUIRE(file != nullptr);
    int const descriptor = ::fileno(file);
    REQUIRE(::write(descriptor, "before\n", 7) == 7);
    LogOutput output(descriptor);
    CHECK(output.write("line\n"));
    char buffer[64]{};
    CHECK(::pread(descriptor, buffer, sizeof buffer - 1, 0) == 12);
    CHECK(std::string(buffer) == "before\nline\n");
    std::fclose(file);
}

TEST_CASE("a full disk drops lines") {
    int const full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    REQUIRE(full >= 0);
    LogOutput output(full);
    CHECK_FALSE(output.write("x\n"));
    ::close(full);
}

TEST_CASE("a descriptor that is closed drops lines") {
    LogOutput output(-1);
    CHECK_FALSE(output.write("x\n"));
}

}  // namespace headrace::ops
