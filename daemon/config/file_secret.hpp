// A secret that stands in a file and may change while the daemon runs: Kubernetes renames a folder,
// Vault renames a file, an editor writes in place. The content itself is compared, so that every
// way of replacing the file is seen. Made by load; daemon polls it every second or so; the sinks'
// Secret functions read it before each request. Thread safety: get() and poll() may be called from
// any thread, key() and rename() belong to the one that polls.
#pragma once

#include "config/environment.hpp"
#include "config/interpolation.hpp"

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::config {

class FileSecret {
  public:
    /// Says why a value cannot be used; success if it can. It never quotes the value.
    using Check = std::function<Result<void>(std::string_view value)>;

    struct Settings {
        std::string key;    ///< The key in the configuration, for messages.
        Template parts;     ///< What the value is made of.
        std::string value;  ///< What it was at start.
        Check check;        ///< What it must be.
    };

    FileSecret(Settings settings, Environment environment);

    /// The present value.
    [[nodiscard]] std::string get() const;
    /// The same, in the place of `out`, whose memory is used again.
    void read_into(std::string& out) const;

    /// The key in the configuration, such as routes[0].destination.api_key.
    [[nodiscard]] std::string const& key() const noexcept { return key_; }
    /// The key under which the configuration has it now. By the thread that polls.
    void rename(std::string key) { key_ = std::move(key); }

    /// The files that make the value.
    [[nodiscard]] std::vector<std::string> files() const;

    /// Reads the files again; true if the value is another one now. A file that is missing,
    /// unreadable, empty or not usable leaves the value as it was and is told to `warn` once for
    /// each new reason, in one sentence without the secret.
    bool poll(std::function<void(std::string const&)> const& warn);

  private:
    [[nodiscard]] Result<std::string> read() const;

    Settings const settings_;
    std::string key_;
    Environment const environment_;
    mutable std::mutex mutex_;  ///< Guards value_ and last_warning_.
    std::string value_;
    std::string last_warning_;  ///< Empty while the files are fine.
};

}  // namespace headrace::config
