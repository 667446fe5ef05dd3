#include "kafka/log_sink.hpp"

#include <algorithm>
#include <array>

namespace headrace::kafka {

LogLevel log_level_of(int syslog_level) noexcept {
    if (syslog_level <= 3) return LogLevel::error;
    if (syslog_level == 4) return LogLevel::warning;
    return syslog_level <= 6 ? LogLevel::notice : LogLevel::debug;
}

bool is_noise(std::string_view line) noexcept {
    return line.find("property and will be ignored by this") != std::string_view::npos;
}

bool is_secret_property(std::string_view name) noexcept {
    constexpr std::array words{"password", "secret", ".pem", "sasl.oauthbearer.config"};
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
        return name.find(word) != std::string_view::npos;
    });
}

Redactor::Redactor(std::map<std::string, std::string> const& properties) {
    for (auto const& [name, value] : properties) {
        if (is_secret_property(name) && !value.empty()) secrets_.push_back(value);
    }
    // The longest first, so that a secret that contains another one leaves nothing behind.
    std::sort(secrets_.begin(), secrets_.end(),
              [](auto const& a, auto const& b) { return a.size() > b.size(); });
}

std::string Redactor::operator()(std::string_view text) const {
    std::string clean{text};
    for (auto const& secret : secrets_) {
        for (auto at = clean.find(secret); at != std::string::npos;
             at = clean.find(secret, at + 3)) {
            clean.replace(at, secret.size(), "***");
        }
    }
    return clean;
}

}  // namespace headrace::kafka
