// Captures what a command says, and writes small files into a folder that goes away with the test.
#pragma once

#include "commands/commands.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace headrace::commands_test {

struct Captured {
    std::ostringstream out;
    std::ostringstream err;
    commands::Streams streams{out, err};
};

class Folder {
  public:
    Folder() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "headrace-test-XXXXXX").string();
        path_ = mkdtemp(pattern.data());
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    std::string write(std::string const& name, std::string const& text) const {
        auto const path = path_ / name;
        std::ofstream(path) << text;
        return path.string();
    }

  private:
    std::filesystem::path path_;
};

inline std::string tecton_config(std::string const& bootstrap, int port,
                                 std::string const& key = "demo-key") {
    return "kafka: {bootstrap_servers: \"" + bootstrap +
           "\"}\nadmin: {listen: \"127.0.0.1:0\"}\nroutes:\n  - name: clicks\n    source: {topics: "
           "[clicks]}\n"
           "    destination:\n      type: tecton\n      url: http://127.0.0.1:" +
           std::to_string(port) + "/ingest\n      api_key: " + key +
           "\n      workspace_name: prod\n      stream_source_name: clicks\n"
           "    http: {timeout_secs: 2, connect_timeout_secs: 1}\n";
}

inline std::string milvus_config(std::string const& bootstrap, int port,
                                 std::string const& collection = "docs") {
    return "kafka: {bootstrap_servers: \"" + bootstrap +
           "\"}\nadmin: {listen: \"127.0.0.1:0\"}\nroutes:\n  - name: documents\n    source: "
           "{topics: [documents]}\n"
           "    destination:\n      type: milvus\n      url: http://127.0.0.1:" +
           std::to_string(port) + "\n      collection: " + collection +
           "\n    http: {timeout_secs: 2, connect_timeout_secs: 1}\n";
}

}  // namespace headrace::commands_test
