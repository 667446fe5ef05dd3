#include "config/followed_files.hpp"

#include "config/http_settings.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace headrace::config {
namespace {

Result<void> check_path(std::string_view value) {
    if (!value.empty() && value.find('\0') == std::string_view::npos) return {};
    return Error{ErrorCode::invalid_config, "must be the path of a file"};
}

Result<void> check_proxy(std::string_view value) {
    if (auto const proxy = parse_proxy(value); !proxy) return proxy.error();
    return {};
}

/// Each part with its length and kind, so that two origins are equal only if all parts are.
std::string origin_of(Template const& parts) {
    std::string origin;
    for (auto const& part : parts) {
        origin += std::to_string(part.text.size());
        origin += part.kind == Piece::Kind::file ? 'f' : 't';
        origin += part.text;
    }
    return origin;
}

}  // namespace

sinks::Secret follow_text(BuildContext const& context, std::string key, Text const& text,
                          FileSecret::Check check, FileSecrets& followed) {
    if (!reads_file(text.parts)) return sinks::Secret(text.value);
    auto secret = std::make_shared<FileSecret>(
        FileSecret::Settings{std::move(key), text.parts, text.value, std::move(check)},
        context.environment);
    followed.push_back(secret);
    return {[secret](std::string& out) { secret->read_into(out); }, origin_of(text.parts)};
}

sinks::Refresh follow_connection_files(BuildContext const& context, SettingsLookup const& lookup,
                                       FileSecrets& followed) {
    bool has_files = false;
    std::string origin;
    auto const follow = [&](std::string_view key, FileSecret::Check check, bool is_path) {
        auto const* const value = lookup.find(key);
        if (value == nullptr) return sinks::Secret();
        has_files = has_files || is_path || reads_file(value->text.parts);
        auto secret =
            follow_text(context, lookup.path(key), value->text, std::move(check), followed);
        origin.append(key).append(secret.origin()).push_back('\n');
        return secret;
    };
    auto const ca = follow("http.tls.ca", check_path, true);
    auto const certificate = follow("http.tls.certificate", check_path, true);
    auto const key = follow("http.tls.key", check_path, true);
    auto const proxy = follow("http.proxy", check_proxy, false);
    if (!has_files) return {};
    auto apply = [=, stamp = context.environment.file_stamp](http::ClientSettings& client) {
        auto& tls = client.tls;
        if (ca) tls.ca_file = ca();
        if (certificate) tls.certificate_file = certificate();
        if (key) tls.key_file = key();
        tls.stamp.clear();
        for (auto const& file : {tls.ca_file, tls.certificate_file, tls.key_file}) {
            tls.stamp += (file.empty() ? "" : stamp(file)) + ';';
        }
        if (!proxy) return;
        if (auto parsed = parse_proxy(proxy())) {
            client.proxy = std::move(parsed->url);
            client.proxy_authorization = std::move(parsed->authorization);
        }
    };
    return {std::move(apply), std::move(origin)};
}

bool is_followed(std::string_view path) {
    constexpr std::array<std::string_view, 6> keys{"destination.api_key", "destination.token",
                                                   "http.tls.ca",         "http.tls.certificate",
                                                   "http.tls.key",        "http.proxy"};
    bool const is_key = std::any_of(keys.begin(), keys.end(),
                                    [&](std::string_view key) { return path.ends_with(key); });
    return is_key || path.ends_with("http.headers");
}

}  // namespace headrace::config
