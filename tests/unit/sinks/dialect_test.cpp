#include "sinks/dialect.hpp"

#include "dialect_fixture.hpp"

namespace headrace::sinks {
namespace {

/// A dialect that leaves to the base class what it can.
class PlainDialect final : public Dialect {
  public:
    flow::RequestShape shape() const override { return {}; }
    flow::Placement place(flow::Record const&) override { return flow::TargetId{0}; }
    std::string target_name(flow::TargetId) const override { return "plain"; }
    std::variant<flow::Inspection, flow::Refusal> inspect(flow::Record const&,
                                                          flow::TargetId) override {
        return flow::Inspection{};
    }
    void encode(std::span<flow::Record const>, std::span<std::uint32_t const>,
                EncodedRequest&) override {}
    flow::Judgement judge(EncodedRequest const&, http::Response const&) override { return {}; }
};

TEST_CASE("a dialect without keys and schemas sends all records and is always ready") {
    PlainDialect dialect;
    auto const records = fixture::ready(dialect, {"{}", "{}", "{}"});
    CHECK(fixture::collapse(dialect, records) == std::vector<std::uint32_t>{0, 1, 2});
    CHECK(dialect.is_ready(0));
    EncodedRequest request;
    CHECK_FALSE(dialect.encode_preparation(0, request));
    CHECK(dialect.judge_preparation(0, {}).verdict == flow::Verdict::delivered);
}

TEST_CASE("a cleared request is empty but for its headers and keeps its memory") {
    EncodedRequest request{.path = "/p",
                           .headers = {{"a", "b"}},
                           .body = std::string(5000, 'x'),
                           .credential = "secret",
                           .records = 3,
                           .targets = {1, 2},
                           .generation = 7};
    request.clear();
    CHECK(request.path.empty());
    // They are written over by the next request.
    CHECK(request.headers.size() == 1);
    CHECK(request.body.empty());
    CHECK(request.body.capacity() >= 5000);
    CHECK(request.credential.empty());
    CHECK(request.records == 0);
    CHECK(request.targets.empty());
    CHECK(request.generation == 0);
}

}  // namespace
}  // namespace headrace::sinks
