// What the Tecton and Milvus sinks must be told: filled by config, used by the registry and the
// dialects. Thread safety: plain values; a Secret may be asked from any thread.
#pragma once

#include "base/clock.hpp"
#include "http/compressor.hpp"
#include "http/settings.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace headrace::sinks {

/// A secret that may change on disk: asked before each use, gives the present value. Thread safety:
/// any thread.
class Secret {
  public:
    /// Puts the present value in the place of `out`, whose memory is used again.
    using Read = std::function<void(std::string& out)>;

    Secret() = default;
    /// `origin` says where the value comes from: two with one origin always have the same value.
    Secret(Read read, std::string origin = {})
        : read_(std::move(read)), origin_(std::move(origin)) {}
    /// One that never changes.
    explicit Secret(std::string fixed)
        : read_([value = fixed](std::string& out) { out = value; }),
          origin_("=" + std::move(fixed)) {}

    [[nodiscard]] explicit operator bool() const noexcept { return read_ != nullptr; }
    /// REQUIRES: there is one.
    void read(std::string& out) const { read_(out); }
    [[nodiscard]] std::string operator()() const {
        std::string value;
        read_(value);
        return value;
    }

    /// What tells two of them apart. As secret as the value.
    [[nodiscard]] std::string const& origin() const noexcept { return origin_; }
    /// Whether both come from the same place, whatever stands there now.
    [[nodiscard]] bool operator==(Secret const& other) const noexcept {
        return static_cast<bool>(*this) == static_cast<bool>(other) && origin_ == other.origin_;
    }

  private:
    Read read_;
    std::string origin_;
};

/// Brings a client's settings up to what the files behind http.* say now; empty: no file is behind
/// them. Thread safety: any thread.
class Refresh {
  public:
    using Apply = std::function<void(http::ClientSettings&)>;

    Refresh() = default;
    /// `origin` as for a Secret.
    Refresh(Apply apply, std::string origin)
        : apply_(std::move(apply)), origin_(std::move(origin)) {}

    [[nodiscard]] explicit operator bool() const noexcept { return apply_ != nullptr; }
    /// REQUIRES: it is not empty.
    void operator()(http::ClientSettings& client) const { apply_(client); }

    /// Whether both look at the same files.
    [[nodiscard]] bool operator==(Refresh const& other) const noexcept {
        return static_cast<bool>(*this) == static_cast<bool>(other) && origin_ == other.origin_;
    }

  private:
    Apply apply_;
    std::string origin_;
};

/// What becomes of records with a name that the destination does not know.
enum class OnUnknown {
    block,        ///< They wait until it does.
    dead_letter,  ///< They are dead-lettered, once another name was accepted.
};

/// A name that is fixed, or is taken from the record.
struct NameRule {
    /// Where the name comes from.
    enum class From {
        fixed,   ///< `value` is the name.
        topic,   ///< `by_topic` maps the record's topic.
        header,  ///< `value` is the header's name.
        field,   ///< `value` is a JSON pointer into the value.
    };
    From from = From::fixed;
    std::string value;
    std::map<std::string, std::string> by_topic;
    std::optional<std::string> default_name;  ///< Serves an absent header, field or topic.
    OnUnknown on_unknown = OnUnknown::block;  ///< Not for a fixed name.

    [[nodiscard]] bool operator==(NameRule const&) const = default;
};

/// What a tombstone (null value) becomes.
enum class OnTombstone {
    skip,         ///< Settled and counted as skipped.
    delete_row,   ///< Milvus: the row of the record's key is deleted.
    dead_letter,  ///< Dead-lettered at stage decode.
};

struct RequestSettings {
    http::ClientSettings client;
    std::vector<std::pair<std::string, std::string>>
        headers;  ///< `http.headers`, sent with every request.
    std::vector<std::pair<std::string, Secret>>
        live_headers;  ///< Of them, those whose value stands in a file.
    http::CompressionSettings compression;
    Refresh refresh;  ///< Of `client`.
    std::size_t body_bytes_max =
        0;  ///< `batch.bytes`: a record that alone passes it is a dead letter.
    OnTombstone on_tombstone = OnTombstone::skip;

    [[nodiscard]] bool operator==(RequestSettings const&) const = default;
};

struct TectonSettings {
    RequestSettings requests;  ///< requests.client.url.path is the endpoint: …/ingest snake_case,
                               ///< …/v2/ingest camelCase.
    Secret api_key;
    std::string workspace_name;
    NameRule stream_source_name;
    bool dry_run = false;

    [[nodiscard]] bool operator==(TectonSettings const&) const = default;
};

struct MilvusSettings {
    RequestSettings requests;
    Secret token;  ///< Empty function or empty text: no Authorization.
    std::string database = "default";
    NameRule collection;
    std::optional<NameRule> partition;
    bool insert = false;      ///< false: upsert.
    std::string primary_key;  ///< Empty: what the collection's schema says.

    [[nodiscard]] bool operator==(MilvusSettings const&) const = default;
};

}  // namespace headrace::sinks
