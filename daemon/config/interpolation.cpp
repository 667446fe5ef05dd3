#include "config/interpolation.hpp"

#include "config/diagnostic.hpp"

#include <algorithm>

namespace headrace::config {
namespace {

constexpr std::string_view file_mark = "file:";
constexpr std::string_view credential_mark = "credential:";
constexpr std::string_view default_mark = ":-";

bool is_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

bool is_variable_name(std::string_view name) noexcept {
    return !name.empty() && is_letter(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [](char c) { return is_letter(c) || is_digit(c); });
}

/// systemd's rule for credential names, which also keeps them inside their folder.
bool is_credential_name(std::string_view name) noexcept {
    constexpr std::size_t name_bytes_max = 255;
    return !name.empty() && name.size() <= name_bytes_max && name != "." && name != ".." &&
           std::all_of(name.begin(), name.end(),
                       [](char c) { return c >= ' ' && c != '/' && c != '\x7F'; });
}

Error wrong(std::string message) {
    return {ErrorCode::invalid_config, std::move(message)};
}

Result<std::string> read_credential(std::string_view name, Environment const& environment) {
    auto const reference = "${credential:" + std::string(name) + "}";
    if (!is_credential_name(name))
        return wrong(in_quotes(reference) + " does not name a credential");
    auto const folder = environment.variable("CREDENTIALS_DIRECTORY");
    if (!folder || folder->empty()) {
        return wrong(
            reference +
            " needs $CREDENTIALS_DIRECTORY, which systemd sets for a unit with LoadCredential=" +
            std::string(name) + ":…");
    }
    return read_value_file(*folder + "/" + std::string(name), environment);
}

Result<std::string> read_variable(std::string_view body, Environment const& environment) {
    auto const mark = body.find(default_mark);
    auto const name = std::string(body.substr(0, mark));
    if (!is_variable_name(name)) {
        return wrong(in_quotes("${" + std::string(body) + "}") +
                     " is not understood: write ${NAME}, ${NAME:-default}, ${file:PATH} or "
                     "${credential:NAME}, or $${ for ${ itself");
    }
    auto value = environment.variable(name);
    if (mark != std::string_view::npos) {
        // As in a shell, :- also replaces an empty value.
        return value && !value->empty() ? *value
                                        : std::string(body.substr(mark + default_mark.size()));
    }
    if (!value) {
        return wrong("the environment variable " + name + " is not set: set it, or write ${" +
                     name + ":-default}");
    }
    return *value;
}

Error too_long() {
    return {ErrorCode::too_large, "is longer than " + std::to_string(value_bytes_max) +
                                      " bytes once its references are replaced"};
}

void append_literal(Template& parts, std::string_view text) {
    if (text.empty()) return;
    if (parts.empty() || parts.back().kind != Piece::Kind::literal) parts.push_back({});
    parts.back().text += text;
}

Result<void> append_reference(Template& parts, std::string_view body,
                              Environment const& environment) {
    if (body.starts_with(file_mark)) {
        auto const path = body.substr(file_mark.size());
        if (path.empty()) return wrong("${file:} names no file: write ${file:PATH}");
        parts.push_back({Piece::Kind::file, std::string(path)});
        return {};
    }
    auto value = body.starts_with(credential_mark)
                     ? read_credential(body.substr(credential_mark.size()), environment)
                     : read_variable(body, environment);
    if (!value) return std::move(value).error();
    append_literal(parts, *value);
    return {};
}

}  // namespace

Result<Template> parse_template(std::string_view source, Environment const& environment) {
    Template parts;
    std::size_t at = 0;
    while (at < source.size()) {
        if (!parts.empty() && parts.back().text.size() > value_bytes_max) return too_long();
        auto const rest = source.substr(at);
        if (rest.starts_with("$${")) {
            append_literal(parts, "${");
            at += 3;
        } else if (rest.starts_with("${")) {
            auto const end = rest.find('}');
            if (end == std::string_view::npos)
                return wrong("${ has no closing }: close it, or write $${ for ${ itself");
            auto const appended = append_reference(parts, rest.substr(2, end - 2), environment);
            if (!appended) return appended.error();
            at += end + 1;
        } else {
            auto const next = std::min(rest.find('$', 1), rest.size());
            append_literal(parts, rest.substr(0, next));
            at += next;
        }
    }
    return parts;
}

Result<std::string> render(Template const& parts, Environment const& environment) {
    std::string text;
    for (auto const& part : parts) {
        if (text.size() > value_bytes_max) return too_long();
        if (part.kind == Piece::Kind::literal) {
            text += part.text;
            continue;
        }
        auto content = read_value_file(part.text, environment);
        if (!content) return std::move(content).error();
        text += *content;
    }
    return text;
}

bool reads_file(Template const& parts) noexcept {
    return std::any_of(parts.begin(), parts.end(),
                       [](Piece const& part) { return part.kind == Piece::Kind::file; });
}

bool has_reference(std::string_view source) noexcept {
    return source.find("${") != std::string_view::npos;
}

std::string escape_references(std::string_view text) {
    std::string escaped;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text.substr(at).starts_with("${")) escaped += '$';
        escaped += text[at];
    }
    return escaped;
}

Result<std::string> read_value_file(std::string const& path, Environment const& environment) {
    auto content = environment.read_file(path);
    if (!content)
        return content.error().with_prefix("the file " + in_quotes(path) + " cannot be read: ");
    auto text = std::move(content).value();
    if (text.ends_with('\n')) {
        text.pop_back();
        if (text.ends_with('\r')) text.pop_back();
    }
    if (text.empty()) return wrong("the file " + in_quotes(path) + " is empty");
    return text;
}

}  // namespace headrace::config
