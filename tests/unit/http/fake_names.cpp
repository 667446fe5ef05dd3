#include "fake_names.hpp"

#include <condition_variable>
#include <dlfcn.h>
#include <map>
#include <mutex>
#include <netdb.h>
#include <utility>

namespace headrace::http::testing {

struct FakeName::Entry {
    std::string name;
    std::vector<std::string> addresses;
    bool hangs = false;
    std::size_t asked = 0;
};

namespace {

struct Register {
    std::mutex mutex;
    std::condition_variable changed;
    std::map<std::string, std::shared_ptr<FakeName::Entry>> entries;
};

/// Never destroyed: a look-up may outlive the test, and the program's end.
Register& names() {
    static auto* const all = new Register;
    return *all;
}

using SystemLookUp = int (*)(char const*, char const*, addrinfo const*, addrinfo**);

SystemLookUp system_look_up() {
    static auto const found = reinterpret_cast<SystemLookUp>(dlsym(RTLD_NEXT, "getaddrinfo"));
    return found;
}

/// Waits while the name hangs; nothing if it is not a fake one.
std::shared_ptr<FakeName::Entry> find(char const* node) {
    auto& all = names();
    std::unique_lock lock(all.mutex);
    auto const found = node == nullptr ? all.entries.end() : all.entries.find(node);
    if (found == all.entries.end()) return nullptr;
    auto entry = found->second;
    ++entry->asked;
    all.changed.wait(lock, [&] { return !entry->hangs; });
    return std::make_shared<FakeName::Entry>(*entry);
}

}  // namespace

FakeName::FakeName(std::string name, std::vector<std::string> addresses)
    : entry_(std::make_shared<Entry>()) {
    entry_->name = std::move(name);
    entry_->addresses = std::move(addresses);
    std::lock_guard const lock(names().mutex);
    names().entries[entry_->name] = entry_;
}

FakeName::~FakeName() {
    release();
    std::lock_guard const lock(names().mutex);
    names().entries.erase(entry_->name);
}

void FakeName::set(std::vector<std::string> addresses) {
    std::lock_guard const lock(names().mutex);
    entry_->addresses = std::move(addresses);
}

void FakeName::hang() {
    std::lock_guard const lock(names().mutex);
    entry_->hangs = true;
}

void FakeName::release() {
    std::lock_guard const lock(names().mutex);
    entry_->hangs = false;
    names().changed.notify_all();
}

std::size_t FakeName::asked() const {
    std::lock_guard const lock(names().mutex);
    return entry_->asked;
}

}  // namespace headrace::http::testing

extern "C" int getaddrinfo(char const* node, char const* service, addrinfo const* hints,
                           addrinfo** found) {
    using namespace headrace::http::testing;
    auto const entry = find(node);
    if (entry == nullptr) return system_look_up()(node, service, hints, found);
    addrinfo** end = found;
    *end = nullptr;
    for (auto const& address : entry->addresses) {
        if (int const error = system_look_up()(address.c_str(), service, hints, end); error != 0)
            return error;
        while (*end != nullptr)
            end = &(*end)->ai_next;
    }
    return entry->addresses.empty() ? EAI_AGAIN : 0;
}
