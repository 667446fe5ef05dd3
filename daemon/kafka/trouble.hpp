// Which troubles of the Kafka side are present, and when to speak of them: at once when one begins,
// then at a slow pace, and once when the last is over. Pure; used by kafka_source. Thread safety:
// belongs to the consumer thread.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "flow/source.hpp"

#include <map>
#include <set>

namespace headrace::kafka {

enum class TroubleKind {
    connection,  ///< No broker can be reached or accepts the credentials.
    topics,      ///< A subscribed topic is missing or may not be read.
    group,       ///< The group refuses the member, or the member was too slow.
    positions,   ///< Start positions or offsets cannot be looked up or committed.
    client,      ///< The client broke for good and is made anew.
};

class Troubles {
  public:
    /// Between two reports of a trouble that goes on.
    static constexpr Duration pace = std::chrono::seconds(30);

    explicit Troubles(Clock const& clock) : clock_(clock) {}

    /// Notes one; the next tell() speaks of it if it is new or has another code than before, else
    /// when its pace allows.
    void report(TroubleKind kind, Error error);

    /// It is over.
    void clear(TroubleKind kind);
    /// None is there any more, and none of before is spoken of: the client is another one.
    void forget() noexcept {
        entries_.clear();
        was_told_ = false;
    }

    [[nodiscard]] bool has(TroubleKind kind) const { return entries_.contains(kind); }
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

    void tell(flow::SourceListener& listener);

  private:
    struct Entry {
        Error error;
        TimePoint due{};
        std::set<ErrorCode> told;
    };
    Clock const& clock_;
    std::map<TroubleKind, Entry> entries_;
    bool was_told_ = false;
};

}  // namespace headrace::kafka
