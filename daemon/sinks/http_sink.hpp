// The sink of every destination that takes one HTTP request per batch: a Dialect says what to send
// and what the answer means, the client carries it. Here are only the exchange, Retry-After, the
// cleaning of texts for people, compression, and the buffers used again. Made by the registry, used
// by lanes. Thread safety: an instance belongs to its io_context's thread. It must outlive the
// coroutines that it returned.
#pragma once

#include "flow/sink.hpp"
#include "http/client.hpp"
#include "http/compressor.hpp"
#include "sinks/dialect.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace headrace::sinks {

struct HttpSinkSettings {
    http::ClientSettings client;
    std::size_t idle_bytes_max = 0;  ///< Buffers kept for the next requests, together.
    http::CompressionSettings compression{};
};

class HttpSink final : public flow::Sink {
  public:
    HttpSink(std::unique_ptr<Dialect> dialect, boost::asio::any_io_executor executor,
             HttpSinkSettings settings, Clock const& clock);

    [[nodiscard]] flow::RequestShape shape() const override;
    [[nodiscard]] flow::Placement place(flow::Record const& record) override;
    [[nodiscard]] bool is_ready(flow::TargetId target) const override;
    [[nodiscard]] std::variant<flow::Inspection, flow::Refusal> inspect(
        flow::Record const& record, flow::TargetId target) override;
    [[nodiscard]] std::string target_name(flow::TargetId target) const override;
    [[nodiscard]] flow::TargetNames names_of(flow::TargetId target) const override;
    void collapse(std::span<flow::Record const> records,
                  std::vector<std::uint32_t>& effective) override;
    [[nodiscard]] boost::asio::awaitable<flow::Judgement> prepare(flow::TargetId target) override;
    [[nodiscard]] boost::asio::awaitable<flow::Judgement> write(
        std::span<flow::Record const> records, std::span<std::uint32_t const> effective) override;
    [[nodiscard]] std::size_t held_bytes() const noexcept override;

    /// Takes other settings and loads the TLS files again; connections of before end after their
    /// exchange. On an error nothing changes.
    [[nodiscard]] Result<void> renew(http::ClientSettings settings) {
        return client_.renew(std::move(settings));
    }

    /// Gives up the exchanges under way by closing their connections, and makes no more.
    void close() { client_.close(); }

  private:
    struct Core;
    class Lease;

    std::shared_ptr<Core>
        core_;  ///< Shared with the coroutines under way, which may end after the sink.
    http::Client client_;
};

}  // namespace headrace::sinks
