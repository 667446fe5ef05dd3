#include "http/tls.hpp"

#include "test_certificates.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace http = headrace::http;
using headrace::ErrorCode;
using http::testing::TestCertificates;

TEST_CASE("good TLS files pass the check, and so does having none") {
    TestCertificates const certificates;
    CHECK(http::check({}));
    CHECK(
        http::check({.ca_file = certificates.ca_file(), .certificate_file = certificates.issue()}));
    CHECK(http::check({.certificate_file = certificates.issue({.file = "a.pem"}),
                       .key_file = certificates.path("a.pem")}));
    CHECK(http::check({.ca_file = "/absent", .verify = false}));
}

TEST_CASE("a bad TLS file is an error that names the file and the cause") {
    TestCertificates const certificates;
    auto const good = certificates.issue();
    auto const other = certificates.issue({.file = "other.pem"});
    auto const secret = certificates.issue({.file = "locked.pem", .passphrase = "secret"});
    auto const nonsense = certificates.write("nonsense.pem", "this is no PEM");
    auto const empty = certificates.write("empty.pem", "");
    struct Row {
        http::TlsSettings settings;
        ErrorCode code;
        std::string cause;
    };
    std::vector<Row> const rows{
        {{.ca_file = certificates.path("absent.pem")},
         ErrorCode::not_found,
         "absent.pem cannot be read"},
        {{.ca_file = certificates.path("")}, ErrorCode::tls, "cannot be read: Is a directory"},
        {{.ca_file = nonsense}, ErrorCode::tls, "CA file " + nonsense},
        {{.ca_file = empty}, ErrorCode::tls, "it is empty"},
        {{.certificate_file = "/absent.pem"}, ErrorCode::not_found, "certificate file /absent.pem"},
        {{.certificate_file = nonsense}, ErrorCode::tls, "certificate file " + nonsense},
        {{.certificate_file = good, .key_file = "/absent.pem"},
         ErrorCode::not_found,
         "key file /absent.pem"},
        {{.certificate_file = good, .key_file = nonsense}, ErrorCode::tls, "key file " + nonsense},
        {{.certificate_file = good, .key_file = other}, ErrorCode::tls, "mismatch"},
        {{.certificate_file = certificates.ca_file()}, ErrorCode::tls, "key file"},
        {{.certificate_file = secret}, ErrorCode::tls, "passphrase"},
        {{.key_file = good}, ErrorCode::tls, "without http.tls.certificate"}};
    for (auto const& row : rows) {
        auto const checked = http::check(row.settings);
        INFO(row.cause);
        REQUIRE_FALSE(checked);
        INFO(checked.error().message);
        CHECK(checked.error().code == row.code);
        CHECK(checked.error().message.find(row.cause) != std::string::npos);
    }
}
