// The destination of the benchmark: answers at once, after a delay, or like a server with few
// hands, and counts what arrives. Several threads, each with its own connections, so that it is not
// what limits a run. Port on the first line of output; then one command a line on stdin:
//   reset RECORDS number|count SPACING   begins a run
//   watch PID                            whose CPU time is noted
//   delay MICROS                         every answer takes so long
//   model HANDS MICROS QUEUE             so many requests at a time, a queue, and 503 beyond it
//   storm PERMILLE RETRY_AFTER_SECS      so many answers are 429
//   refuse STATUS EVERY                  a request with a number that is a multiple of EVERY in it
//                                        is answered STATUS; 0 0: none is
//   stats                                a line of JSON

#include "flags.hpp"
#include "stream.hpp"
#include "tally.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdio>
#include <deque>
#include <exception>
#include <functional>
#include <iostream>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <queue>
#include <sstream>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <thread>

namespace {

using namespace headrace::bench;

constexpr std::string_view schema =
    R"({"code":0,"data":{"autoId":false,"collectionName":"docs","description":"",)"
    R"("enableDynamicField":true,"fields":[{"name":"id","type":"Int64","id":100,)"
    R"("primaryKey":true,"autoId":false,"partitionKey":false,"nullable":false},)"
    R"({"name":"vector","type":"FloatVector","id":101,"primaryKey":false,"autoId":false,)"
    R"("partitionKey":false,"nullable":false,"params":[{"key":"dim","value":"768"}]}],)"
    R"("functions":[],"indexes":[],"load":"LoadStateLoaded","partitionsNum":1,"shardsNum":1}})";

std::string answer(std::string_view status, std::string_view body, std::string_view header = {}) {
    std::string out = "HTTP/1.1 ";
    out.append(status).append("\r\nContent-Type: application/json\r\nContent-Length: ");
    out.append(std::to_string(body.size())).append("\r\n").append(header).append("\r\n");
    return out.append(body);
}

/// How answers are delayed and refused; all threads read it at each request.
class Behaviour {
  public:
    std::atomic<std::uint64_t> delay_ns{0};
    std::atomic<std::uint64_t> storm_permille{0};
    std::atomic<std::uint64_t> storm_secs{0};
    std::atomic<std::uint64_t> refuse_status{0};
    std::atomic<std::uint64_t> refuse_every{0};

    void limit(std::size_t hands, std::uint64_t service_ns, std::size_t queue) {
        std::lock_guard const lock{mutex_};
        service_ns_ = service_ns;
        queue_ = queue;
        // What is being served ends as it began; only the number of hands changes.
        while (free_at_.size() > hands)
            free_at_.pop();
        while (free_at_.size() < hands)
            free_at_.push(0);
        is_limited_ = hands > 0;
    }

    /// When a request of now is answered; 0: never, the queue is full.
    std::uint64_t due(std::uint64_t now) {
        if (!is_limited_) return now + delay_ns;
        std::lock_guard const lock{mutex_};
        while (!waiting_.empty() && waiting_.front() <= now)
            waiting_.pop_front();
        auto const start = std::max(now, free_at_.top());
        if (start > now && waiting_.size() >= queue_) return 0;
        if (start > now) waiting_.push_back(start);
        free_at_.pop();
        free_at_.push(start + service_ns_);
        return start + service_ns_;
    }

  private:
    std::atomic<bool> is_limited_{false};
    std::mutex mutex_;
    std::uint64_t service_ns_ = 0;
    std::size_t queue_ = 0;
    std::priority_queue<std::uint64_t, std::vector<std::uint64_t>, std::greater<>> free_at_;
    std::deque<std::uint64_t> waiting_;  ///< When each request in the queue is begun.
};

struct Connection {
    Stream stream;
    std::uint64_t life = 0;  ///< Counts its uses, so that no late answer goes to its successor.
    std::vector<char> buffer = std::vector<char>(64 * 1024);
    std::size_t filled = 0;
};

/// What stands at the front of a connection's buffer.
struct Request {
    std::string_view path;
    std::string_view body;
    std::size_t bytes = 0;  ///< Of head and body; 0: not complete yet.
    std::size_t wanted = 0;
};

Request read_request(std::string_view text) {
    auto const end = text.find("\r\n\r\n");
    if (end == std::string_view::npos) return {.wanted = text.size() + 1};
    auto const head = text.substr(0, end);
    std::size_t length = 0;
    static constexpr std::string_view name = "content-length:";
    auto const same = [](char left, char right) { return (left | 0x20) == (right | 0x20); };
    auto const found = std::search(head.begin(), head.end(), name.begin(), name.end(), same);
    if (found != head.end()) {
        auto const at = static_cast<std::size_t>(found - head.begin()) + name.size();
        length = std::stoull(std::string(head.substr(at, 20)));
    }
    Request request{.wanted = end + 4 + length};
    if (text.size() < request.wanted) return request;
    auto const from = head.find(' ') + 1;
    request.path = head.substr(from, head.find(' ', from) - from);
    request.body = text.substr(end + 4, length);
    request.bytes = request.wanted;
    return request;
}

/// One thread: its connections, and the answers that wait for their time.
class Server {
  public:
    Server(std::size_t number, Tally& tally, Behaviour& behaviour)
        : number_(number), tally_(tally), behaviour_(behaviour) {
        epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
        epoll_ctl(epoll_, EPOLL_CTL_ADD, timer_, &event);
    }

    /// Called by the accepting thread.
    void take(Stream stream) {
        std::lock_guard const lock{mutex_};
        Connection* connection = nullptr;
        if (spare_.empty()) {
            connection = connections_.emplace_back(std::make_unique<Connection>()).get();
        } else {
            connection = spare_.back();
            spare_.pop_back();
        }
        connection->stream = std::move(stream);
        connection->filled = 0;
        epoll_event event{.events = EPOLLIN, .data = {.ptr = connection}};
        epoll_ctl(epoll_, EPOLL_CTL_ADD, connection->stream.descriptor(), &event);
    }

    [[noreturn]] void run() {
        std::array<epoll_event, 128> events{};
        while (true) {
            auto const count = epoll_wait(epoll_, events.data(), events.size(), -1);
            for (int at = 0; at < count; ++at) {
                if (auto* connection =
                        static_cast<Connection*>(events[static_cast<std::size_t>(at)].data.ptr)) {
                    serve(*connection);
                } else {
                    std::uint64_t rings = 0;
                    std::ignore = ::read(timer_, &rings, sizeof rings);
                    answer_due();
                }
            }
        }
    }

  private:
    struct Pending {
        std::uint64_t due_ns;
        Connection* connection;
        std::uint64_t life;
        std::string text;
        bool operator>(Pending const& other) const { return due_ns > other.due_ns; }
    };

    void serve(Connection& connection) {
        while (true) {
            auto& buffer = connection.buffer;
            auto const moved = connection.stream.read(buffer.data() + connection.filled,
                                                      buffer.size() - connection.filled);
            if (moved.what == Moved::What::blocked) return;
            if (moved.what == Moved::What::closed) return drop(connection);
            connection.filled += moved.bytes;
            bool const was_full = connection.filled == buffer.size();
            handle(connection);
            // Less than there was room for: most likely all of it, and epoll tells otherwise.
            if (!was_full && !connection.stream.is_tls()) return;
        }
    }

    void handle(Connection& connection) {
        auto& buffer = connection.buffer;
        std::size_t used = 0;
        while (used < connection.filled) {
            auto const request = read_request({buffer.data() + used, connection.filled - used});
            if (request.bytes == 0) {
                if (buffer.size() < request.wanted + 1) buffer.resize(request.wanted + 64 * 1024);
                break;
            }
            reply(connection, request);
            used += request.bytes;
        }
        std::copy(buffer.begin() + static_cast<std::ptrdiff_t>(used),
                  buffer.begin() + static_cast<std::ptrdiff_t>(connection.filled), buffer.begin());
        connection.filled -= used;
    }

    void reply(Connection& connection, Request const& request) {
        if (request.path.ends_with("/describe")) return send(connection, answer("200 OK", schema));
        auto const now = nanos_of(CLOCK_REALTIME);
        tally_.begin_request();
        auto const due = behaviour_.due(now);
        if (due == 0 || is_stormed()) {
            ++tally_.refused;
            return send(connection, refusal(due == 0));
        }
        if (is_refused(request.body)) {
            ++tally_.refused;
            return send(connection, refused());
        }
        auto const found = tally_.add(number_, request.body, due);
        std::string text;
        if (request.path.find("/entities/") != std::string_view::npos) {
            text = answer("200 OK", R"({"code":0,"data":{"upsertCount":)" + std::to_string(found) +
                                        R"(,"upsertIds":[]}})");
        } else {
            text = accepted_;
        }
        if (due <= now) return send(connection, text);
        pending_.push({due, &connection, connection.life, std::move(text)});
        if (pending_.top().due_ns == due) arm();
    }

    bool is_stormed() {
        auto const share = behaviour_.storm_permille.load(std::memory_order_relaxed);
        return share > 0 && ++turn_ * 617 % 1000 < share;
    }
    bool is_refused(std::string_view body) const {
        auto const every = behaviour_.refuse_every.load(std::memory_order_relaxed);
        return every > 0 && tally_.has_multiple(body, every);
    }
    std::string refused() const {
        return answer(std::to_string(behaviour_.refuse_status.load()) + " Refused",
                      R"({"requestError":{"errorMessage":"refused","errorType":"Refused"}})");
    }
    std::string refusal(bool is_full) const {
        if (is_full) return answer("503 Service Unavailable", R"({"message":"overloaded"})");
        auto const secs = behaviour_.storm_secs.load();
        auto const header = secs == 0 ? "" : "Retry-After: " + std::to_string(secs) + "\r\n";
        return answer("429 Too Many Requests", R"({"message":"too many requests"})", header);
    }

    void answer_due() {
        auto const now = nanos_of(CLOCK_REALTIME);
        while (!pending_.empty() && pending_.top().due_ns <= now) {
            auto const& next = pending_.top();
            if (next.connection->life == next.life) send(*next.connection, next.text);
            pending_.pop();
        }
        arm();
    }
    void arm() {
        if (pending_.empty()) return;
        auto const due = pending_.top().due_ns;
        itimerspec when{};
        when.it_value = {.tv_sec = static_cast<time_t>(due / 1'000'000'000),
                         .tv_nsec = static_cast<long>(due % 1'000'000'000)};
        timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr);
    }

    /// Answers are small: a socket that does not take one is a peer that does not read.
    void send(Connection& connection, std::string const& text) {
        if (connection.stream.descriptor() >= 0) connection.stream.write(text);
    }
    void drop(Connection& connection) {
        std::lock_guard const lock{mutex_};
        connection.stream.close();
        ++connection.life;
        spare_.push_back(&connection);
    }

    std::size_t number_;
    Tally& tally_;
    Behaviour& behaviour_;
    int epoll_ = epoll_create1(EPOLL_CLOEXEC);
    int timer_ = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    std::string accepted_ = answer("200 OK", R"({"workspaceName":"w"})");
    std::uint64_t turn_ = 0;
    std::mutex mutex_;  ///< Of what follows but `pending_`.
    std::vector<std::unique_ptr<Connection>> connections_;
    std::vector<Connection*> spare_;
    std::priority_queue<Pending, std::vector<Pending>, std::greater<>> pending_;
};

int listen_anywhere(std::uint16_t& port) {
    int const listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    if (bind(listener, raw, size) != 0 || listen(listener, 1024) != 0 ||
        getsockname(listener, raw, &size) != 0)
        throw std::runtime_error("cannot listen on the loopback address");
    port = ntohs(address.sin_port);
    return listener;
}

/// Deals connections out in turn, so that every thread has its share.
[[noreturn]] void accept_all(int listener, SSL_CTX* tls,
                             std::vector<std::unique_ptr<Server>> const& servers) {
    for (std::size_t turn = 0;; ++turn) {
        int const taken = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (taken < 0) continue;
        int const on = 1;
        setsockopt(taken, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        Stream stream{taken};
        if (tls != nullptr) stream.accept_tls(tls);
        servers[turn % servers.size()]->take(std::move(stream));
    }
}

void obey(std::string const& line, Tally& tally, Behaviour& behaviour) {
    std::istringstream words{line};
    std::string verb;
    std::uint64_t first = 0;
    words >> verb;
    if (verb == "stats") {
        std::cout << tally.report() << std::endl;
        return;
    }
    words >> first;
    if (verb == "reset") {
        std::string how;
        std::size_t spacing = 1;
        words >> how >> spacing;
        tally.reset(first, how == "number", spacing);
    } else if (verb == "watch") {
        tally.watch(static_cast<pid_t>(first));
    } else if (verb == "delay") {
        behaviour.delay_ns = first * 1000;
    } else if (verb == "model") {
        std::uint64_t micros = 0;
        std::size_t queue = 0;
        words >> micros >> queue;
        behaviour.limit(first, micros * 1000, queue);
    } else if (verb == "storm") {
        std::uint64_t secs = 0;
        words >> secs;
        behaviour.storm_secs = secs;
        behaviour.storm_permille = first;
    } else if (verb == "refuse") {
        std::uint64_t every = 0;
        words >> every;
        behaviour.refuse_status = first;
        behaviour.refuse_every = every;
    } else {
        throw std::runtime_error("unknown command: " + line);
    }
    std::cout << "{}" << std::endl;
}

}  // namespace

int main(int count, char** words) try {
    Flags const flags{count, words, {"threads", "certificate", "key"}};
    auto const threads = flags.number("threads", 2);
    Tls tls;
    if (!flags.text("certificate").empty())
        tls = server_tls(flags.text("certificate"), flags.text("key"));
    Tally tally{threads};
    Behaviour behaviour;
    std::vector<std::unique_ptr<Server>> servers;
    for (std::size_t number = 0; number < threads; ++number) {
        servers.push_back(std::make_unique<Server>(number, tally, behaviour));
        std::thread([server = servers.back().get()] { server->run(); }).detach();
    }
    std::uint16_t port = 0;
    int const listener = listen_anywhere(port);
    std::thread([&] { accept_all(listener, tls.get(), servers); }).detach();
    std::cout << port << std::endl;
    for (std::string line; std::getline(std::cin, line);)
        obey(line, tally, behaviour);
    // The other threads never end by themselves.
    std::_Exit(0);
} catch (std::exception const& error) {
    std::fprintf(stderr, "sink: %s\n", error.what());
    std::_Exit(1);
}
