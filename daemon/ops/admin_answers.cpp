#include "ops/admin_answers.hpp"

#include "ops/metrics.hpp"
#include "ops/page.hpp"
#include "ops/status_json.hpp"

#include <chrono>
#include <string_view>
#include <utility>

namespace headrace::ops {
namespace {

http::ServerResponse make_answer(int status, std::string_view content_type, std::string body) {
    http::ServerResponse answer;
    answer.status = status;
    answer.content_type = content_type;
    answer.body = std::move(body);
    // What is shown is true only now.
    answer.headers = {{"Cache-Control", "no-store"},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Referrer-Policy", "no-referrer"}};
    return answer;
}

http::ServerResponse plain(int status, std::string text) {
    return make_answer(status, "text/plain; charset=utf-8", std::move(text));
}

http::ServerResponse list(std::span<std::string const> reasons) {
    return make_answer(reasons.empty() ? 200 : 503, "application/json", json_list(reasons) + "\n");
}

}  // namespace

AdminAnswers::AdminAnswers(AdminSources sources, Clock const& clock)
    : sources_(std::move(sources)), clock_(clock), started_at_(clock.now()) {}

http::ServerResponse AdminAnswers::answer(http::ServerRequest const& request) const {
    using Answer = http::ServerResponse (AdminAnswers::*)() const;
    constexpr std::pair<std::string_view, Answer> answers[] = {
        {"/", &AdminAnswers::page},           {"/healthz", &AdminAnswers::health},
        {"/metrics", &AdminAnswers::metrics}, {"/readyz", &AdminAnswers::readiness},
        {"/status", &AdminAnswers::status},
    };
    for (auto const& [path, make] : answers) {
        if (request.path() != path) continue;
        if (request.method == "GET" || request.method == "HEAD") return (this->*make)();
        auto refused = plain(405, "Only GET and HEAD: the admin address is read-only.\n");
        refused.headers.emplace_back("Allow", "GET, HEAD");
        return refused;
    }
    return plain(404, "There are /, /healthz, /metrics, /readyz and /status.\n");
}

http::ServerResponse AdminAnswers::metrics() const {
    return make_answer(200, metrics_content_type,
                       render_metrics(sources_.snapshots(), sources_.process(), sources_.version,
                                      sources_.config()));
}

http::ServerResponse AdminAnswers::health() const {
    std::vector<std::string> stalled;
    for (auto const& name : sources_.stalled_loops())
        stalled.push_back(name + " does not beat");
    return list(stalled);
}

http::ServerResponse AdminAnswers::readiness() const {
    return list(unready_reasons(sources_.snapshots()));
}

http::ServerResponse AdminAnswers::status() const {
    std::chrono::duration<double> const uptime =
        std::chrono::floor<std::chrono::milliseconds>(clock_.now() - started_at_);
    return make_answer(
        200, "application/json",
        status_json(sources_.snapshots(), sources_.version, uptime.count(), sources_.config()) +
            "\n");
}

http::ServerResponse AdminAnswers::page() const {
    auto answer = make_answer(200, "text/html; charset=utf-8", std::string(page_html()));
    answer.headers.emplace_back("Content-Security-Policy", page_security_policy());
    return answer;
}

}  // namespace headrace::ops
