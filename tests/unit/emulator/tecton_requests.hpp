// Tecton emulators and ingest requests for tests.
#pragma once

#include "emulator/tecton.hpp"
#include "requests.hpp"

#include <functional>
#include <string>

namespace headrace::emulator::test {

inline std::string click(int id, std::string const& user = "u1",
                         std::string const& timestamp = "2026-11-21T08:59:00Z") {
    return R"({"record":{"event_id":)" + std::to_string(id) + R"(,"user_id":")" + user +
           R"(","timestamp":")" + timestamp + R"(","clicked":1}})";
}

inline std::string ingest_body(std::string const& items, std::string const& source = "clicks",
                               bool dry_run = false, std::string const& workspace = "prod") {
    return R"({"workspace_name":")" + workspace + R"(","dry_run":)" + (dry_run ? "true" : "false") +
           R"(,"records":{")" + source + R"(":[)" + items + "]}}";
}

inline http::ServerRequest ingest(std::string body, std::string const& key = "demo-key",
                                  std::string target = "/ingest") {
    return request("POST", std::move(target), std::move(body),
                   {{"Authorization", "Tecton-key " + key}});
}

/// An emulator with the default settings, changed by `change`.
inline TectonEmulator make_tecton(std::function<void(TectonSettings&)> const& change = {}) {
    auto settings = default_tecton_settings();
    if (change) change(settings);
    return TectonEmulator(std::move(settings), at_ms(0));
}

/// Handles a request from begin to end.
inline http::ServerResponse ask(TectonEmulator& tecton, http::ServerRequest const& what,
                                std::int64_t ms = 0) {
    auto reply = tecton.handle(what, at_ms(ms));
    tecton.finish(reply.ticket);
    return reply.response;
}

}  // namespace headrace::emulator::test
