// Any bytes as a configuration file: errors or a configuration, never a crash, and never the
// secrets that the environment holds; what is accepted prints as a file that is accepted and prints
// the same.
#include "base/json.hpp"
#include "config/load.hpp"
#include "config/print.hpp"
#include "expect.hpp"

#include <cstdint>

using headrace::fuzz::expect;
namespace config = headrace::config;

namespace {

constexpr std::string_view secret = "hunter2 &";

config::Environment environment() {
    return {[](std::string const& name) -> std::optional<std::string> {
                if (name == "SECRET") return std::string(secret);
                return name == "EMPTY" ? std::optional<std::string>("") : std::nullopt;
            },
            [](std::string const& path) -> headrace::Result<std::string> {
                if (path.ends_with("key")) return std::string(secret) + "\n";
                return headrace::Error{headrace::ErrorCode::not_found, "No such file or directory"};
            },
            [](headrace::http::TlsSettings const&) { return headrace::Result<void>(); },
            [](std::string const&) { return std::string("same"); }};
}

void check_round_trip(config::Config const& accepted) {
    auto const printed = config::print_config(accepted);
    auto const again = config::load_text(printed, "printed", environment());
    auto const* const same = std::get_if<config::Config>(&again);
    expect(same != nullptr);
    expect(config::print_config(*same) == printed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text(reinterpret_cast<char const*>(data), size);
    auto const loaded = config::load_text(text, "fuzz", environment());
    if (auto const* const accepted = std::get_if<config::Config>(&loaded)) {
        check_round_trip(*accepted);
        return 0;
    }
    auto const& diagnostics = std::get<std::vector<config::Diagnostic>>(loaded);
    expect(!diagnostics.empty());
    expect(diagnostics.size() <= config::diagnostics_max + 1);
    for (auto const& diagnostic : diagnostics) {
        auto const line = diagnostic.text();
        expect(headrace::is_utf8(line));
        expect(line.find('\n') == std::string::npos);
        expect(text.find(secret) != std::string_view::npos ||
               line.find(secret) == std::string::npos);
    }
    return 0;
}
