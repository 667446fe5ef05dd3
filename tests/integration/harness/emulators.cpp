#include "harness/emulators.hpp"

#include <stdexcept>

namespace headrace::integration {
namespace {

http::ServerSettings on_port(std::uint16_t port) {
    http::ServerSettings settings;
    settings.port = port;
    return settings;
}

template <class Server>
std::uint16_t begin(Server& server) {
    auto const port = server.start();
    if (!port) throw std::runtime_error(port.error().message);
    return *port;
}

}  // namespace

Emulators::Emulators(Settings settings)
    : work_(io_.get_executor()),
      tecton_(io_.get_executor(), on_port(settings.tecton_port),
              emulator::TectonEmulator(std::move(settings.tecton), {clock_.now(), clock_.wall()}),
              clock_),
      milvus_(io_.get_executor(), {},
              emulator::MilvusEmulator(std::move(settings.milvus), {clock_.now(), clock_.wall()}),
              clock_),
      tecton_port_(begin(tecton_)),
      milvus_port_(begin(milvus_)),
      thread_([this] { io_.run(); }) {}

Emulators::~Emulators() {
    io_.stop();
    thread_.join();
}

std::string Emulators::tecton_url() const {
    return "http://127.0.0.1:" + std::to_string(tecton_port_) + "/ingest";
}

std::string Emulators::milvus_url() const {
    return "http://127.0.0.1:" + std::to_string(milvus_port_);
}

void Emulators::break_tecton(emulator::FaultRule rule) {
    tecton([&](auto& logic) { logic.faults().add(std::move(rule), clock_.now()); });
}

void Emulators::break_milvus(emulator::FaultRule rule) {
    milvus([&](auto& logic) { logic.faults().add(std::move(rule), clock_.now()); });
}

void Emulators::mend_tecton() {
    tecton([](auto& logic) { logic.faults().clear(); });
}

void Emulators::mend_milvus() {
    milvus([](auto& logic) { logic.faults().clear(); });
}

emulator::TectonStats Emulators::tecton_stats() {
    return tecton([](auto& logic) { return logic.stats(); });
}

emulator::MilvusStats Emulators::milvus_stats() {
    return milvus([](auto& logic) { return logic.stats(); });
}

std::uint64_t Emulators::tecton_missing(std::string const& source, std::int64_t count) {
    return tecton([&](auto& logic) {
        auto const found = logic.store().sources().find(source);
        if (found == logic.store().sources().end()) return static_cast<std::uint64_t>(count);
        return found->second.ids.missing(count, 0).total;
    });
}

std::uint64_t Emulators::tecton_duplicates(std::string const& source) {
    return tecton([&](auto& logic) {
        auto const found = logic.store().sources().find(source);
        return found == logic.store().sources().end() ? 0 : found->second.ids.duplicates();
    });
}

std::uint64_t Emulators::milvus_missing(std::int64_t count) {
    return milvus([&](auto& logic) {
        for (auto const& entry : logic.store().all_counts()) {
            if (entry.collection == "default/docs")
                return entry.counts->ids.missing(count, 0).total;
        }
        return static_cast<std::uint64_t>(count);
    });
}

std::uint64_t Emulators::milvus_duplicates() {
    return milvus([](auto& logic) {
        std::uint64_t total = 0;
        for (auto const& entry : logic.store().all_counts()) {
            total += entry.counts->ids.duplicates();
        }
        return total;
    });
}

}  // namespace headrace::integration
