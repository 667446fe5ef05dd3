// Milvus emulators and requests for tests.
#pragma once

#include "emulator/milvus.hpp"
#include "requests.hpp"

#include <functional>
#include <string>

namespace headrace::emulator::test {

inline std::string doc(std::string const& id, std::string const& title = "t") {
    return R"({"id":)" + id + R"(,"vector":[1,2,3,4,5,6,7,8],"title":")" + title + "\"}";
}

inline std::string rows_body(std::string const& rows, std::string const& collection = "docs",
                             std::string const& more = {}) {
    return R"({"collectionName":")" + collection + "\"" + more + R"(,"data":[)" + rows + "]}";
}

inline http::ServerRequest milvus(std::string const& operation, std::string body,
                                  Headers headers = {{"Accept-Type-Allow-Int64", "true"}}) {
    return request("POST", "/v2/vectordb/" + operation, std::move(body), std::move(headers));
}

inline MilvusEmulator make_milvus(std::function<void(MilvusSettings&)> const& change = {}) {
    auto settings = default_milvus_settings();
    if (change) change(settings);
    return MilvusEmulator(std::move(settings), at_ms(0));
}

/// Handles a request from begin to end.
inline http::ServerResponse ask(MilvusEmulator& milvus, http::ServerRequest const& what,
                                std::int64_t ms = 0) {
    auto reply = milvus.handle(what, at_ms(ms));
    milvus.finish(reply.ticket);
    return reply.response;
}

inline std::string upsert(MilvusEmulator& emulator, std::string const& rows, std::int64_t ms = 0) {
    return ask(emulator, milvus("entities/upsert", rows_body(rows)), ms).body;
}

/// The answer's `code`.
inline std::string code_of(std::string const& body) {
    JsonTree tree;
    if (!tree.parse(body)) return "no JSON";
    auto const code = tree.root().find("code");
    return code ? std::string(code->raw()) : "no code";
}

inline FaultRule code_fault(std::int64_t code, std::string message = {}) {
    auto rule = fault(FaultKind::code);
    rule.fault.code = code;
    rule.fault.message = std::move(message);
    return rule;
}

}  // namespace headrace::emulator::test
