// The floor: what consuming with librdkafka and one HTTP request per batch cost by themselves. One
// thread consumes, one sends over keep-alive sockets. It checks nothing, tracks nothing, retries
// nothing and commits blindly; nobody should run it for anything but this comparison.
//
// The bodies are those of the program it is compared with. By default they are prebuilt from the
// first records and sent again and again; with `--bodies copied` each is built of the records that
// were consumed for it.

#include "flags.hpp"
#include "stream.hpp"

#include <librdkafka/rdkafka.h>

#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <deque>
#include <exception>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <thread>

namespace {

using namespace headrace::bench;

struct Settings {
    std::string bootstrap;
    std::vector<std::string> topics;
    std::string group;
    std::string host;
    std::uint16_t port = 0;
    bool tls = false;
    std::size_t connections = 16;
    std::size_t batch = 10;  ///< Records of each stream source in a request.
    std::vector<std::string> sources;
    std::size_t bytes_max = 2 * 1024 * 1024;
    bool is_milvus = false;
    bool copies = false;
    std::vector<std::string> properties;
};

/// Writes requests around the values of records, which go to the stream sources in turn.
class Envelope {
  public:
    explicit Envelope(Settings const& settings) : settings_(settings) {
        head_ = settings.is_milvus ? "POST /v2/vectordb/entities/upsert" : "POST /ingest";
        head_ += " HTTP/1.1\r\nHost: " + settings.host + ":" + std::to_string(settings.port) +
                 "\r\nContent-Type: application/json\r\nAuthorization: Tecton-key k\r\n"
                 "Content-Length: 0000000000\r\n\r\n";
    }

    /// Every byte of a record is copied once; the length is filled in afterwards.
    void write(std::vector<rd_kafka_message_t*> const& records, std::string& out) const {
        out.assign(head_);
        out += settings_.is_milvus ? R"({"dbName":"default","collectionName":"docs","data":[)"
                                   : R"({"workspace_name":"w","dry_run":false,"records":{)";
        auto const sources = settings_.is_milvus ? 1 : settings_.sources.size();
        for (std::size_t at = 0; at < sources; ++at) {
            if (!settings_.is_milvus)
                out.append(at == 0 ? "\"" : ",\"").append(settings_.sources[at]).append("\":[");
            append(records, at, sources, out);
            if (!settings_.is_milvus) out += "]";
        }
        out += settings_.is_milvus ? "]}" : "}}";
        auto const length = std::to_string(out.size() - head_.size());
        out.replace(head_.size() - 4 - length.size(), length.size(), length);
    }

  private:
    void append(std::vector<rd_kafka_message_t*> const& records, std::size_t first,
                std::size_t step, std::string& out) const {
        for (std::size_t at = first; at < records.size(); at += step) {
            if (at != first) out += ",";
            if (!settings_.is_milvus) out += R"({"record":)";
            out.append(static_cast<char const*>(records[at]->payload), records[at]->len);
            if (!settings_.is_milvus) out += "}";
        }
    }

    Settings const& settings_;
    std::string head_;
};

/// Requests on their way from the consuming thread to the sending one. One of each.
class Handover {
  public:
    explicit Handover(std::size_t room) : slots_(room) {}

    /// The slot of the next request, once there is room; null when the program ends.
    std::string* next_slot() {
        auto const put = put_.load(std::memory_order_relaxed);
        auto taken = taken_.load(std::memory_order_acquire);
        if (put - taken < slots_.size()) return &slots_[put % slots_.size()];
        // Woken when half of it is free, not at each request.
        is_full_ = true;
        while (put - (taken = taken_.load()) > slots_.size() / 2 && !ends_) {
            taken_.wait(taken);
        }
        is_full_ = false;
        return ends_ ? nullptr : &slots_[put % slots_.size()];
    }
    void put() {
        put_.fetch_add(1);
        if (!is_asleep_.exchange(false)) return;
        std::uint64_t const one = 1;
        std::ignore = ::write(wake_, &one, sizeof one);
    }

    /// The request to send next, or null.
    std::string* front() {
        auto const taken = taken_.load(std::memory_order_relaxed);
        return taken == put_.load(std::memory_order_acquire) ? nullptr
                                                             : &slots_[taken % slots_.size()];
    }
    void take() {
        auto const taken = taken_.fetch_add(1) + 1;
        if (is_full_ && put_.load() - taken <= slots_.size() / 2) taken_.notify_one();
    }
    /// Before the sending thread sleeps: whether there is still nothing.
    bool may_sleep() {
        is_asleep_ = true;
        if (front() == nullptr) return true;
        is_asleep_ = false;
        return false;
    }
    void end() {
        ends_ = true;
        taken_.fetch_add(slots_.size());
        taken_.notify_all();
    }

    [[nodiscard]] int wake_descriptor() const { return wake_; }
    [[nodiscard]] bool ends() const { return ends_; }

  private:
    std::vector<std::string> slots_;
    alignas(64) std::atomic<std::size_t> put_{0};
    alignas(64) std::atomic<std::size_t> taken_{0};
    alignas(64) std::atomic<bool> is_asleep_{false};
    std::atomic<bool> is_full_{false};
    std::atomic<bool> ends_{false};
    int wake_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
};

/// The consuming thread.
class Consumer {
  public:
    /// `prebuilt` is written once, before the first request is handed over.
    Consumer(Settings const& settings, Handover& handover, std::string& prebuilt)
        : settings_(settings), handover_(handover), prebuilt_(prebuilt), envelope_(settings) {}

    void run() {
        begin();
        std::vector<rd_kafka_message_t*> messages(1000);
        int empty_polls = 0;
        while (!handover_.ends()) {
            auto const got =
                rd_kafka_consume_batch_queue(queue_, 10, messages.data(), messages.size());
            for (ssize_t at = 0; at < got; ++at)
                take(messages[static_cast<std::size_t>(at)]);
            empty_polls = got > 0 ? 0 : empty_polls + 1;
            if (empty_polls == polls_before_partial && records_ > 0) send();
        }
        rd_kafka_consumer_close(client_);
        rd_kafka_queue_destroy(queue_);
        rd_kafka_destroy(client_);
    }

  private:
    void begin() {
        auto* conf = rd_kafka_conf_new();
        std::vector<std::pair<std::string, std::string>> wanted{
            {"bootstrap.servers", settings_.bootstrap},
            {"group.id", settings_.group},
            {"auto.offset.reset", "earliest"},
            {"fetch.queue.backoff.ms", "10"},
            {"fetch.wait.max.ms", "100"},
        };
        for (auto const& property : settings_.properties) {
            auto const equals = property.find('=');
            wanted.emplace_back(property.substr(0, equals), property.substr(equals + 1));
        }
        std::array<char, 512> text{};
        for (auto const& [name, value] : wanted) {
            if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text.data(), text.size()) !=
                RD_KAFKA_CONF_OK)
                throw std::runtime_error(text.data());
        }
        client_ = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text.data(), text.size());
        if (client_ == nullptr) throw std::runtime_error(text.data());
        rd_kafka_poll_set_consumer(client_);
        queue_ = rd_kafka_queue_get_consumer(client_);
        auto* list = rd_kafka_topic_partition_list_new(static_cast<int>(settings_.topics.size()));
        for (auto const& topic : settings_.topics)
            rd_kafka_topic_partition_list_add(list, topic.c_str(), RD_KAFKA_PARTITION_UA);
        rd_kafka_subscribe(client_, list);
        rd_kafka_topic_partition_list_destroy(list);
    }

    void take(rd_kafka_message_t* message) {
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_message_destroy(message);
            return;
        }
        auto const cost = message->len + record_frame_bytes;
        if (records_ > 0 && bytes_ + cost > settings_.bytes_max) send();
        ++records_;
        bytes_ += cost;
        if (settings_.copies || prebuilt_.empty()) {
            held_.push_back(message);
        } else {
            rd_kafka_message_destroy(message);
        }
        if (records_ == settings_.batch * settings_.sources.size()) send();
    }

    /// Hands one request over. A full one is sent as it was prebuilt.
    void send() {
        records_ = bytes_ = 0;
        auto* slot = handover_.next_slot();
        if (slot == nullptr) return;
        if (settings_.copies) {
            envelope_.write(held_, *slot);
        } else if (prebuilt_.empty()) {
            envelope_.write(held_, prebuilt_);
        }
        for (auto* message : held_)
            rd_kafka_message_destroy(message);
        held_.clear();
        handover_.put();
    }

    // A batch that is not full goes after so many polls of 10 ms that brought nothing.
    static constexpr int polls_before_partial = 5;
    static constexpr std::size_t record_frame_bytes = 12;

    Settings const& settings_;
    Handover& handover_;
    std::string& prebuilt_;
    Envelope envelope_;
    rd_kafka_t* client_ = nullptr;
    rd_kafka_queue_t* queue_ = nullptr;
    std::vector<rd_kafka_message_t*> held_;
    std::size_t records_ = 0;
    std::size_t bytes_ = 0;
};

/// The sending thread.
class Sender {
  public:
    Sender(Settings const& settings, Handover& handover, std::string const& prebuilt)
        : handover_(handover), prebuilt_(prebuilt), connections_(settings.connections) {
        if (settings.tls) tls_ = client_tls();
        watch(handover.wake_descriptor(), EPOLLIN, nullptr);
        for (auto& connection : connections_) {
            connect(settings, connection);
            idle_.push_back(&connection);
        }
    }

    /// Ends when `signals` has something to say.
    void run(int signals) {
        watch(signals, EPOLLIN, &signals);
        std::array<epoll_event, 128> events{};
        while (true) {
            send_waiting();
            // Who has no idle connection is woken by an answer, not by a request.
            if (!idle_.empty() && !handover_.may_sleep()) continue;
            auto const count = epoll_wait(epoll_, events.data(), events.size(), -1);
            for (int at = 0; at < count; ++at) {
                auto* const of = events[static_cast<std::size_t>(at)].data.ptr;
                if (of == &signals) return handover_.end();
                if (of != nullptr) {
                    serve(*static_cast<Connection*>(of));
                } else {
                    std::uint64_t rings = 0;
                    std::ignore = ::read(handover_.wake_descriptor(), &rings, sizeof rings);
                }
            }
        }
    }

  private:
    struct Connection {
        Stream stream;
        std::string body;
        std::string_view unsent;
        std::string answer;
        bool is_waiting = false;  ///< For the socket to take more.
    };

    void watch(int descriptor, std::uint32_t what, void* who) {
        epoll_event event{.events = what, .data = {.ptr = who}};
        if (epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0)
            epoll_ctl(epoll_, EPOLL_CTL_MOD, descriptor, &event);
    }

    void connect(Settings const& settings, Connection& connection) {
        int const descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(settings.port);
        inet_pton(AF_INET, settings.host.c_str(), &address.sin_addr);
        connection.stream = Stream{descriptor};
        if (::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
            throw std::runtime_error("cannot connect to the destination");
        int const on = 1;
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (tls_ != nullptr) connection.stream.connect_tls(tls_.get());
        fcntl(descriptor, F_SETFL, O_NONBLOCK);
        watch(descriptor, EPOLLIN, &connection);
    }

    void send_waiting() {
        while (!idle_.empty()) {
            auto* const slot = handover_.front();
            if (slot == nullptr) return;
            auto& connection = *idle_.back();
            idle_.pop_back();
            connection.body.swap(*slot);
            handover_.take();
            connection.unsent = connection.body.empty() ? prebuilt_ : connection.body;
            connection.answer.clear();
            write(connection);
        }
    }

    void write(Connection& connection) {
        bool const was_waiting = connection.is_waiting;
        while (!connection.unsent.empty()) {
            auto const moved = connection.stream.write(connection.unsent);
            if (moved.what == Moved::What::closed) throw std::runtime_error("connection closed");
            if (moved.what == Moved::What::blocked) break;
            connection.unsent.remove_prefix(moved.bytes);
        }
        connection.is_waiting = !connection.unsent.empty();
        if (connection.is_waiting != was_waiting) {
            watch(connection.stream.descriptor(),
                  connection.is_waiting ? EPOLLIN | EPOLLOUT : EPOLLIN, &connection);
        }
    }

    void serve(Connection& connection) {
        if (!connection.unsent.empty()) return write(connection);
        std::array<char, 4096> text;
        auto const moved = connection.stream.read(text.data(), text.size());
        if (moved.what == Moved::What::closed) throw std::runtime_error("connection closed");
        if (moved.what == Moved::What::blocked) return;
        connection.answer.append(text.data(), moved.bytes);
        // The sink's answers end so, and it is all that is asked of them.
        if (!connection.answer.ends_with('}')) return;
        connection.body.clear();
        idle_.push_back(&connection);
    }

    Handover& handover_;
    std::string const& prebuilt_;
    Tls tls_;
    int epoll_ = epoll_create1(EPOLL_CLOEXEC);
    std::vector<Connection> connections_;
    std::vector<Connection*> idle_;
};

Settings read_settings(Flags const& flags) {
    Settings settings;
    settings.bootstrap = flags.text("bootstrap");
    settings.topics = split_list(flags.text("topic"));
    settings.group = flags.text("group");
    // PROTOCOL://HOST:PORT/PATH, and the path is known.
    auto const url = flags.text("url");
    auto const host = url.find("://") + 3;
    auto const colon = url.find(':', host);
    settings.tls = url.starts_with("https");
    settings.host = url.substr(host, colon - host);
    settings.port = static_cast<std::uint16_t>(std::stoul(url.substr(colon + 1)));
    settings.connections = flags.number("connections", settings.connections);
    settings.batch = flags.number("batch", settings.batch);
    settings.sources = split_list(flags.text("sources", "clicks"));
    settings.is_milvus = flags.text("envelope", "tecton") == "milvus";
    if (!settings.is_milvus) settings.bytes_max = 1024 * 1024;
    settings.copies = flags.text("bodies", "prebuilt") == "copied";
    settings.properties = flags.all("property");
    return settings;
}

int block_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

}  // namespace

int main(int count, char** words) try {
    int const signals = block_signals();
    auto const settings = read_settings({count,
                                         words,
                                         {"bootstrap", "topic", "group", "url", "connections",
                                          "batch", "sources", "envelope", "bodies", "property"}});
    std::string prebuilt;
    // Requests of 2 MiB are not kept by the hundred.
    Handover handover{settings.is_milvus ? 4U : 256U};
    Sender sender{settings, handover, prebuilt};
    Consumer consumer{settings, handover, prebuilt};
    std::thread consuming{[&] { consumer.run(); }};
    sender.run(signals);
    consuming.join();
    return 0;
} catch (std::exception const& error) {
    std::fprintf(stderr, "floor: %s\n", error.what());
    std::_Exit(1);
}
