// Reads the goldens under tests/data: request bodies, and answers with the judgement that they must
// get. A golden answer is a text file: `# note`, then `ask:` (Milvus: operation and records sent),
// `expect:` (verdict, reason, scope or -, and `changed`), `status:` and headers, an empty line, and
// the body's bytes.
#pragma once

#include "flow/verdict.hpp"
#include "http/message.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

namespace headrace::sinks::goldens {

inline std::string read_file(std::filesystem::path const& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A golden request body, without the file's last line end.
inline std::string request(std::string const& name) {
    std::string text = read_file(std::filesystem::path(HEADRACE_TEST_DATA) / name);
    if (text.ends_with('\n')) text.pop_back();
    return text;
}

struct Answer {
    std::string name;
    std::string ask;
    std::string expect;
    http::Response response;
};

inline Answer parse_answer(std::string const& name, std::string const& text) {
    Answer answer{.name = name, .ask = {}, .expect = {}, .response = {}};
    std::size_t at = 0;
    while (true) {
        std::size_t const end = text.find('\n', at);
        std::string const line = text.substr(at, end - at);
        at = end + 1;
        if (line.empty()) break;
        std::size_t const colon = line.find(": ");
        std::string const key = line.substr(0, colon);
        if (line.starts_with("# ")) continue;
        std::string const value = line.substr(colon + 2);
        if (key == "ask") {
            answer.ask = value;
        } else if (key == "expect") {
            answer.expect = value;
        } else if (key == "status") {
            answer.response.status = std::stoi(value);
        } else {
            answer.response.headers.emplace_back(key, value);
        }
    }
    answer.response.body = text.substr(at);
    return answer;
}

/// All golden answers of a destination.
inline std::vector<Answer> answers(std::string const& destination) {
    std::vector<Answer> all;
    auto const folder = std::filesystem::path(HEADRACE_TEST_DATA) / destination / "answers";
    for (auto const& entry : std::filesystem::directory_iterator(folder)) {
        all.push_back(parse_answer(entry.path().stem().string(), read_file(entry.path())));
    }
    return all;
}

/// A judgement in the words of `expect:`.
inline std::string describe(flow::Judgement const& judgement) {
    static std::map<flow::Verdict, std::string> const verdicts{
        {flow::Verdict::delivered, "delivered"},
        {flow::Verdict::retry, "retry"},
        {flow::Verdict::split, "split"},
        {flow::Verdict::blocked, "blocked"}};
    std::string text =
        verdicts.at(judgement.verdict) + " " + std::string(flow::to_string(judgement.reason)) + " ";
    if (judgement.verdict != flow::Verdict::blocked) return text + "-";
    return text + (judgement.scope == flow::BlockScope::target ? "target" : "destination");
}

}  // namespace headrace::sinks::goldens
