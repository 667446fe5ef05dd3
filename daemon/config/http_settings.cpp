#include "config/http_settings.hpp"

#include "config/followed_files.hpp"
#include "http/message.hpp"
#include "http/url.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace headrace::config {
namespace {

/// Headers that frame the message or belong to one connection: the client writes them itself.
constexpr std::array<std::string_view, 13> own_headers{"Accept-Encoding",
                                                       "Connection",
                                                       "Content-Encoding",
                                                       "Content-Length",
                                                       "Expect",
                                                       "Host",
                                                       "Keep-Alive",
                                                       "Proxy-Authorization",
                                                       "TE",
                                                       "Trailer",
                                                       "Transfer-Encoding",
                                                       "Upgrade",
                                                       "Proxy-Connection"};

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    auto const small = lower(c);
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string decoded;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            decoded += text[at];
            continue;
        }
        int const high = at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
        int const low = at + 2 < text.size() ? hex_digit(text[at + 2]) : -1;
        if (high < 0 || low < 0) return std::nullopt;
        decoded += static_cast<char>(high * 16 + low);
        at += 2;
    }
    return decoded;
}

std::string base64(std::string_view bytes) {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string encoded;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        auto const left = std::min<std::size_t>(bytes.size() - at, 3);
        unsigned group = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            group = group << 8U | (i < left ? static_cast<unsigned char>(bytes[at + i]) : 0U);
        }
        for (std::size_t i = 0; i < 4; ++i) {
            encoded += i <= left ? alphabet[group >> (18U - 6U * i) & 63U] : '=';
        }
    }
    return encoded;
}

Result<void> check_header_value(std::string_view value) {
    if (http::is_header_value(value)) return {};
    return Error{ErrorCode::invalid_config, "must be one line without control characters"};
}

http::TlsSettings read_tls(BuildContext const& context, SettingsLookup const& lookup) {
    http::TlsSettings const tls{lookup.text("http.tls.ca"), lookup.text("http.tls.certificate"),
                                lookup.text("http.tls.key"), lookup.flag("http.tls.verify")};
    if (tls.ca_file.empty() && tls.certificate_file.empty() && tls.key_file.empty()) return tls;
    if (auto const checked = context.environment.check_tls(tls); !checked) {
        lookup.report("http.tls", checked.error().message);
    }
    return tls;
}

}  // namespace

Result<Proxy> parse_proxy(std::string_view text) {
    Error const wrong{ErrorCode::invalid_config, "must be http://[USER:PASSWORD@]HOST:PORT"};
    auto const scheme_end = text.find("://");
    if (scheme_end == std::string_view::npos) return wrong;
    auto const rest = text.substr(scheme_end + 3);
    auto const authority = rest.substr(0, rest.find_first_of("/?#"));
    auto const at_sign = authority.rfind('@');
    Proxy proxy;
    auto bare = std::string(text);
    if (at_sign != std::string_view::npos) {
        auto const credentials = percent_decoded(authority.substr(0, at_sign));
        if (!credentials || credentials->find(':') == std::string::npos) return wrong;
        proxy.authorization = "Basic " + base64(*credentials);
        bare.erase(scheme_end + 3, at_sign + 1);
    }
    auto url = http::parse_url(bare);
    if (!url) return std::move(url).error();
    if (url->tls || url->path != "/") return wrong;
    proxy.url = std::move(url).value();
    return proxy;
}

http::ClientSettings read_client_settings(BuildContext const& context,
                                          SettingsLookup const& lookup) {
    http::ClientSettings client;
    client.connect_timeout = lookup.seconds("http.connect_timeout_secs");
    client.request_timeout = lookup.seconds("http.timeout_secs");
    client.idle_timeout = lookup.seconds("http.idle_secs");
    client.response_bytes_max = lookup.count("http.response_bytes_max");
    client.tls = read_tls(context, lookup);
    if (lookup.find("http.proxy") != nullptr) {
        auto proxy = parse_proxy(lookup.text("http.proxy"));
        if (proxy) {
            client.proxy = std::move(proxy->url);
            client.proxy_authorization = std::move(proxy->authorization);
        } else {
            lookup.report("http.proxy", proxy.error().message);
        }
    }
    return client;
}

http::CompressionSettings read_compression(SettingsLookup const& lookup) {
    http::CompressionSettings compression;
    auto const name = lookup.text("http.compression");
    if (name == "gzip") compression.coding = http::ContentCoding::gzip;
    if (name == "zstd") compression.coding = http::ContentCoding::zstd;
    compression.level = static_cast<int>(lookup.count("http.compression_level"));
    if (compression.coding == http::ContentCoding::identity) {
        if (name == "none" && lookup.is_set("http.compression_level"))
            lookup.report("http.compression_level", "says nothing while http.compression is none");
        return {};
    }
    auto const level_max = http::compression_level_max(compression.coding);
    if (compression.level > level_max) {
        lookup.report("http.compression_level", "is " + std::to_string(compression.level) +
                                                    ", but " + name + " has levels from 1 to " +
                                                    std::to_string(level_max));
    }
    return compression;
}

void read_headers(BuildContext const& context, SettingsLookup const& lookup,
                  sinks::RequestSettings& requests, FileSecrets& followed) {
    std::vector<std::string> names;
    for (auto const& [name, text] : lookup.get("http.headers").table) {
        auto const is_same = [&name = name.value](auto const& other) {
            return http::same_name(name, other);
        };
        auto const key = shown_path("http.headers", name.value);
        if (!http::is_header_name(name.value)) {
            lookup.report("http.headers", name.at,
                          in_quotes(name.value) + " is not a header's name");
        } else if (auto const fit = check_header_value(text.value); !fit) {
            lookup.report(key, text.at, fit.error().message);
        } else if (std::any_of(own_headers.begin(), own_headers.end(), is_same)) {
            lookup.report(key, name.at, "may not be set: the HTTP client writes it itself");
        } else if (std::any_of(names.begin(), names.end(), is_same)) {
            lookup.report(key, name.at, "is given twice, in different case");
        } else {
            names.push_back(name.value);
            if (!reads_file(text.parts)) {
                requests.headers.emplace_back(name.value, text.value);
                continue;
            }
            requests.live_headers.emplace_back(
                name.value,
                follow_text(context, lookup.path(key), text, check_header_value, followed));
        }
    }
}

bool is_secret_header(std::string_view name) {
    constexpr std::array<std::string_view, 9> words{"auth",       "key",     "token",
                                                    "cookie",     "secret",  "password",
                                                    "credential", "session", "signature"};
    std::string small(name);
    std::transform(small.begin(), small.end(), small.begin(), lower);
    return std::any_of(words.begin(), words.end(),
                       [&](auto const word) { return small.find(word) != std::string::npos; });
}

}  // namespace headrace::config
