#include "config/followed_files.hpp"

#include "unit/config/fake_environment.hpp"

#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <fstream>

namespace headrace::config {
namespace {

Config with_http(std::string const& http, FakeEnvironment const& environment) {
    return good_config(tecton_text("    http: " + http + "\n"), environment);
}

void poll_all(Config const& config) {
    for (auto const& secret : config.routes[0].file_secrets) {
        std::ignore = secret->poll([](std::string const&) {});
    }
}

TEST_CASE("a header from a file follows it, and a content that no header can have is refused") {
    FakeEnvironment environment;
    environment.write("/team", "red\n");
    auto const config =
        with_http("{headers: {X-Team: '${file:/team}', X-Fixed: blue}}", environment);
    auto const& requests = config.routes[0].requests();
    CHECK(requests.headers ==
          std::vector<std::pair<std::string, std::string>>{{"X-Fixed", "blue"}});
    REQUIRE(requests.live_headers.size() == 1);
    CHECK(requests.live_headers[0].first == "X-Team");
    CHECK(requests.live_headers[0].second() == "red");
    environment.write("/team", "green\n");
    poll_all(config);
    CHECK(requests.live_headers[0].second() == "green");
    environment.write("/team", "a\nX-Evil: b\n");
    poll_all(config);
    CHECK(requests.live_headers[0].second() == "green");
    CHECK(config.fixed_files.empty());
    CHECK(config.routes[0].file_secrets.at(0)->key() == "routes[0].http.headers.X-Team");
}

TEST_CASE("a header is not given twice, in a file or not") {
    FakeEnvironment environment;
    environment.write("/team", "red\n");
    auto const errors = errors_of(
        tecton_text("    http: {headers: {X-Team: '${file:/team}', x-team: blue}}\n"), environment);
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].find("given twice") != std::string::npos);
}

TEST_CASE("a proxy from a file follows it, credentials included") {
    FakeEnvironment environment;
    environment.write("/proxy", "http://user:one@proxy:3128\n");
    auto const config = with_http("{proxy: '${file:/proxy}'}", environment);
    auto const& requests = config.routes[0].requests();
    REQUIRE(requests.refresh);
    auto client = requests.client;
    CHECK(client.proxy.host == "proxy");
    auto const before = client.proxy_authorization;
    environment.write("/proxy", "http://user:two@other:3129\n");
    poll_all(config);
    requests.refresh(client);
    CHECK(client.proxy.host == "other");
    CHECK(client.proxy.port == 3129);
    CHECK(client.proxy_authorization != before);
    environment.write("/proxy", "nonsense\n");
    poll_all(config);
    requests.refresh(client);
    CHECK(client.proxy.host == "other");
}

TEST_CASE("TLS files that are replaced change the stamp, and so do paths that stand in files") {
    FakeEnvironment environment;
    environment.write("/ca.pem", "one");
    environment.write("/certificate.pem", "one");
    environment.write("/where", "/certificate.pem\n");
    auto const config =
        with_http("{tls: {ca: /ca.pem, certificate: '${file:/where}'}}", environment);
    auto const& requests = config.routes[0].requests();
    REQUIRE(requests.refresh);
    auto client = requests.client;
    requests.refresh(client);
    CHECK(client == requests.client);
    environment.write("/ca.pem", "two");
    requests.refresh(client);
    CHECK(client.tls.stamp != requests.client.tls.stamp);
    CHECK(client.tls.ca_file == "/ca.pem");
    auto const second = client.tls.stamp;
    environment.write("/certificate.pem", "two");
    requests.refresh(client);
    CHECK(client.tls.stamp != second);
    environment.write("/other.pem", "two");
    environment.write("/where", "/other.pem\n");
    poll_all(config);
    requests.refresh(client);
    CHECK(client.tls.certificate_file == "/other.pem");
}

TEST_CASE("a route without files behind its connections looks at none") {
    FakeEnvironment const environment;
    CHECK_FALSE(with_http("{timeout_secs: 5}", environment).routes[0].requests().refresh);
    CHECK_FALSE(with_http("{proxy: 'http://p:1'}", environment).routes[0].requests().refresh);
}

TEST_CASE("a file's stamp changes when it is written, renamed over or its link is turned") {
    auto pattern = (std::filesystem::temp_directory_path() / "headrace-XXXXXX").string();
    std::filesystem::path const folder = ::mkdtemp(pattern.data());
    auto const write = [&](std::string const& name, std::string const& text) {
        std::filesystem::create_directories((folder / name).parent_path());
        std::ofstream(folder / name) << text;
    };
    auto const stamp = [environment = Environment::system(), folder] {
        return environment.file_stamp((folder / "tls.crt").string());
    };
    CHECK(stamp() == "absent");
    // As Kubernetes mounts a secret: the name leads through ..data to a folder that is replaced.
    write("..1/tls.crt", "one");
    write("..2/tls.crt", "two");
    std::filesystem::create_directory_symlink("..1", folder / "..data");
    std::filesystem::create_symlink("..data/tls.crt", folder / "tls.crt");
    auto const first = stamp();
    CHECK(first == stamp());
    std::filesystem::create_directory_symlink("..2", folder / "..new");
    std::filesystem::rename(folder / "..new", folder / "..data");
    auto const second = stamp();
    CHECK(second != first);
    write("..2/tls.crt", "longer");
    auto const third = stamp();
    CHECK(third != second);
    write("fresh", "longer");
    std::filesystem::rename(folder / "fresh", folder / "..2/tls.crt");
    CHECK(stamp() != third);
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace headrace::config
