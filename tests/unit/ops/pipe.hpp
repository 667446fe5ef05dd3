// A pipe whose ends close by themselves, for tests of what is written to a descriptor.
// Thread safety: not thread-safe.
#pragma once

#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <utility>

namespace headrace::ops {

class Pipe {
  public:
    Pipe() {
        if (::pipe2(ends_.data(), O_CLOEXEC) != 0) std::abort();
    }
    ~Pipe() {
        close_reader();
        close_writer();
    }
    Pipe(Pipe const&) = delete;
    Pipe& operator=(Pipe const&) = delete;

    [[nodiscard]] int reader() const { return ends_[0]; }
    [[nodiscard]] int writer() const { return ends_[1]; }
    void close_reader() { close(ends_[0]); }
    void close_writer() { close(ends_[1]); }

    /// What stands in the pipe now, up to 1 MiB; does not wait.
    std::string read_present() {
        ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
        std::string text(1U << 20U, '\0');
        std::size_t size = 0;
        while (size < text.size()) {
            ssize_t const got = ::read(ends_[0], text.data() + size, text.size() - size);
            if (got <= 0) break;
            size += static_cast<std::size_t>(got);
        }
        text.resize(size);
        return text;
    }

    /// Fills the pipe until it takes nothing more.
    void fill() {
        int const flags = ::fcntl(ends_[1], F_GETFL);
        ::fcntl(ends_[1], F_SETFL, flags | O_NONBLOCK);
        std::string const block(4096, '.');
        while (::write(ends_[1], block.data(), block.size()) > 0) {
        }
        ::fcntl(ends_[1], F_SETFL, flags);
    }

  private:
    static void close(int& end) {
        if (end >= 0) ::close(std::exchange(end, -1));
    }

    std::array<int, 2> ends_{-1, -1};
};

}  // namespace headrace::ops
