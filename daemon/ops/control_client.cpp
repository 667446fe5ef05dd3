#include "ops/control_client.hpp"

#include "ops/control_socket.hpp"

#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace headrace::ops {
namespace {

constexpr time_t connect_limit_secs = 5;

class Connection {
  public:
    explicit Connection(int descriptor) noexcept : descriptor_(descriptor) {}
    Connection(Connection&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    Connection& operator=(Connection&&) = delete;
    ~Connection() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

  private:
    int descriptor_;
};

std::string cause(int number) {
    return std::error_code(number, std::generic_category()).message();
}

Error cannot_connect(std::string const& path, int number) {
    switch (number) {
        case ENOENT:
        case ENOTDIR:
            return {ErrorCode::not_found,
                    "there is no control socket at " + path +
                        ": is the daemon running, and does its configuration set control.socket "
                        "to this path? --control SOCKET names another"};
        case ECONNREFUSED:
            return {ErrorCode::connection,
                    "no daemon listens on " + path +
                        ": the one that made this socket is gone; start it again, or name "
                        "another with --control SOCKET"};
        case EACCES:
        case EPERM:
            return {ErrorCode::permission,
                    path + " is open to its owner alone: run this as the daemon's user or as root"};
        case EAGAIN:
            return {ErrorCode::timeout,
                    "the daemon on " + path +
                        " takes no connection: it hangs or is stopped; ask its /healthz"};
        default:
            return {ErrorCode::io, path + " cannot be connected to: " + cause(number)};
    }
}

Error no_answer(std::string const& path) {
    return {ErrorCode::connection, "the daemon on " + path +
                                       " ended the connection without an answer: it may be "
                                       "stopping; its log says more"};
}

Result<Connection> connect_to(std::string const& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() > control_path_bytes_max) {
        return Error{ErrorCode::invalid_argument, "--control must be a path of 1 to " +
                                                      std::to_string(control_path_bytes_max) +
                                                      " bytes"};
    }
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    Connection connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    // A daemon that hangs may leave no room in the queue of its socket.
    timeval const limit{.tv_sec = connect_limit_secs, .tv_usec = 0};
    ::setsockopt(connection.descriptor(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    auto const* const where = reinterpret_cast<sockaddr const*>(&address);
    if (connection.descriptor() < 0 ||
        ::connect(connection.descriptor(), where, sizeof address) != 0) {
        return cannot_connect(path, errno);
    }
    return connection;
}

/// Waits for bytes; false when the time has passed.
bool wait_for_bytes(Connection const& connection, Duration limit) {
    pollfd readable{connection.descriptor(), POLLIN, 0};
    auto const limit_ms = std::chrono::duration_cast<std::chrono::milliseconds>(limit).count();
    int ready = 0;
    do {
        ready = ::poll(&readable, 1, static_cast<int>(limit_ms));
    } while (ready < 0 && errno == EINTR);
    return ready == 1;
}

Result<std::string> read_line(std::string const& path, Connection const& connection,
                              ControlPatience const& patience) {
    if (!wait_for_bytes(connection, patience.notice)) {
        if (patience.on_slow) patience.on_slow();
        if (!wait_for_bytes(connection, patience.limit)) {
            return Error{ErrorCode::timeout, "the daemon on " + path + " does not answer"};
        }
    }
    std::string line;
    std::array<char, control_line_bytes_max> part{};
    while (line.find('\n') == std::string::npos) {
        if (!wait_for_bytes(connection, patience.limit) || line.size() > control_answer_bytes_max)
            return no_answer(path);
        auto const count = ::recv(connection.descriptor(), part.data(), part.size(), 0);
        if (count <= 0) return no_answer(path);
        line.append(part.data(), static_cast<std::size_t>(count));
    }
    line.resize(line.find('\n'));
    return line;
}

}  // namespace

Result<ControlAnswer> ask_daemon(std::string const& path, ControlRequest const& request,
                                 ControlPatience const& patience) {
    auto const connection = connect_to(path);
    if (!connection) return connection.error();
    auto const text = write_request(request);
    if (text.size() > control_line_bytes_max)
        return Error{ErrorCode::invalid_argument, "no route has a name that long"};
    // A daemon with no place for us answers before it has read: what counts is its answer.
    std::ignore = ::send(connection->descriptor(), text.data(), text.size(), MSG_NOSIGNAL);
    auto const line = read_line(path, *connection, patience);
    if (!line) return line.error();
    auto answer = read_answer(*line);
    if (!answer) {
        return Error{ErrorCode::bad_response,
                     "what listens on " + path +
                         " answers otherwise than a headrace daemon: " + answer.error().message};
    }
    return answer;
}

}  // namespace headrace::ops
