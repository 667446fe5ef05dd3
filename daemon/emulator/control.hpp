// The part of `/_emulator/` that both emulators share: reading small JSON objects, fault rules, the
// way answers look. docs/emulators.md describes the whole. Thread safety: free functions.
#pragma once

#include "emulator/faults.hpp"
#include "emulator/json_tree.hpp"
#include "emulator/reply.hpp"
#include "emulator/tallies.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace headrace::emulator {

class JsonText;

[[nodiscard]] http::ServerResponse control_ok(std::string body = "{}");
[[nodiscard]] http::ServerResponse control_error(int status, std::string_view message);

/// Adds, lists or clears fault rules (GET, POST, DELETE).
[[nodiscard]] http::ServerResponse control_faults(FaultSchedule& faults,
                                                  http::ServerRequest const& request,
                                                  TimePoint now);

/// A whole number in the query, at most `max`; `fallback` if it is absent or no number.
[[nodiscard]] std::uint64_t query_number(http::ServerRequest const& request, std::string_view name,
                                         std::uint64_t fallback, std::uint64_t max);

/// The tally as JSON; `?count=N` adds what is missing of 0..N-1.
void write_ids(JsonText& out, IdTally const& ids, http::ServerRequest const& request);

/// Members of a small JSON object; false in `read` if one has the wrong type.
class ControlObject {
  public:
    explicit ControlObject(JsonNode node) : node_(node) {}

    [[nodiscard]] std::string text(std::string_view key, std::string fallback = {});
    [[nodiscard]] bool flag(std::string_view key, bool fallback);
    [[nodiscard]] std::uint64_t number(std::string_view key, std::uint64_t fallback);
    [[nodiscard]] Duration secs(std::string_view key);
    [[nodiscard]] std::optional<JsonNode> find(std::string_view key) const {
        return node_.find(key);
    }
    /// Marks the object as wrong; the first complaint stays.
    void complain(std::string_view key);
    /// The first key whose value is not allowed; empty if all are good.
    [[nodiscard]] std::string const& wrong() const { return wrong_; }

  private:
    JsonNode node_;
    std::string wrong_;
};

}  // namespace headrace::emulator
