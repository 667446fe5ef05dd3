#include "config/named_files.hpp"

#include "config/kafka_settings.hpp"

#include <filesystem>

namespace headrace::config {

std::set<std::string> folders_of(std::string const& file, Config const& config) {
    std::set<std::string> folders;
    auto const add = [&](std::string const& path) {
        if (path.empty()) return;
        auto const folder = std::filesystem::path(path).parent_path().string();
        folders.insert(folder.empty() ? "." : folder);
    };
    add(file);
    auto const add_all = [&](FileSecrets const& secrets) {
        for (auto const& secret : secrets) {
            for (auto const& path : secret->files())
                add(path);
        }
    };
    add_all(config.fixed_files);
    for (auto const& route : config.routes) {
        add_all(route.file_secrets);
        for (auto const& path : files_of(route.source.properties))
            add(path);
        auto const& tls = route.requests().client.tls;
        add(tls.ca_file);
        add(tls.certificate_file);
        add(tls.key_file);
    }
    return folders;
}

}  // namespace headrace::config
