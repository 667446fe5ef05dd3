#include "commands/connect_check.hpp"

#include "sinks/registry.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <set>

namespace headrace::commands {
namespace {

/// The topics whose records tell different names apart: those of a topic rule, else any one.
std::vector<std::string> sample_topics(config::Route const& route) {
    std::set<std::string> topics;
    auto const add = [&](sinks::NameRule const& rule) {
        for (auto const& [topic, name] : rule.by_topic) {
            topics.insert(topic);
        }
    };
    if (auto const* const tecton = std::get_if<sinks::TectonSettings>(&route.destination)) {
        add(tecton->stream_source_name);
    } else if (auto const* const milvus = std::get_if<sinks::MilvusSettings>(&route.destination)) {
        add(milvus->collection);
        if (milvus->partition) add(*milvus->partition);
    }
    if (topics.empty()) topics.insert(route.source.topics.front());
    return {topics.begin(), topics.end()};
}

/// Sends one question: a preparation where the destination needs one, else a dry run of an empty
/// record.
boost::asio::awaitable<void> ask(flow::Sink& sink, flow::Record& record, flow::TargetId target,
                                 flow::Judgement& judgement) {
    record.target = target;
    if (!sink.is_ready(target)) {
        judgement = co_await sink.prepare(target);
        co_return;
    }
    std::ignore = sink.inspect(record, target);
    std::uint32_t const effective = 0;
    judgement = co_await sink.write({&record, 1}, {&effective, 1});
}

bool is_fit(flow::Judgement const& judgement) {
    // A refusal of the empty record shows that credentials and target were accepted.
    return judgement.verdict == flow::Verdict::delivered ||
           judgement.verdict == flow::Verdict::split;
}

}  // namespace

std::vector<std::string> check_destination(config::Route const& route, Clock const& clock) {
    auto destination = route.destination;
    if (auto* const tecton = std::get_if<sinks::TectonSettings>(&destination))
        tecton->dry_run = true;
    std::vector<std::string> problems;
    for (auto const& topic : sample_topics(route)) {
        boost::asio::io_context io(1);
        auto const sink = sinks::make_sink(destination, io.get_executor(), clock);
        flow::TopicPartition const origin{topic, 0, 1};
        auto record = flow::make_record(origin, 0, std::nullopt, "{}");
        auto const placement = sink->place(record);
        // A name that only real records carry cannot be checked without one.
        if (!std::holds_alternative<flow::TargetId>(placement)) continue;
        flow::Judgement judgement;
        // Idle connections would keep the loop going after the answer.
        boost::asio::co_spawn(io,
                              ask(*sink, record, std::get<flow::TargetId>(placement), judgement),
                              [&](std::exception_ptr) { io.stop(); });
        auto const limit =
            route.requests().client.connect_timeout + route.requests().client.request_timeout;
        io.run_for(limit + std::chrono::seconds(1));
        if (!is_fit(judgement)) {
            problems.push_back(sink->target_name(std::get<flow::TargetId>(placement)) + ": " +
                               flow::describe(judgement));
        }
    }
    return problems;
}

}  // namespace headrace::commands
