// Certificates made for one test run, in a folder that goes away with it.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include <filesystem>
#include <memory>
#include <string>

namespace headrace::http::testing {

struct CertificateRequest {
    std::string file = "server.pem";                   ///< Certificate and key together.
    std::string names = "DNS:localhost,IP:127.0.0.1";  ///< Subject alternative names.
    long valid_from_secs = -3600;                      ///< Relative to now.
    long valid_until_secs = 3600;
    std::string passphrase = {};  ///< Protects the key; empty: none.
};

class TestCertificates {
  public:
    TestCertificates();
    ~TestCertificates();
    TestCertificates(TestCertificates const&) = delete;
    TestCertificates& operator=(TestCertificates const&) = delete;

    /// The CA's certificate.
    [[nodiscard]] std::string ca_file() const { return path("ca.pem"); }
    /// Issues a certificate of the CA; returns the file.
    std::string issue(CertificateRequest const& request = {}) const;
    [[nodiscard]] std::string path(std::string const& file) const {
        return (folder_ / file).string();
    }
    /// Writes a file of any content; returns its path.
    std::string write(std::string const& file, std::string const& content) const;

    /// A server's context with that certificate; `asks_client`: a client certificate of the CA is
    /// required.
    [[nodiscard]] std::shared_ptr<boost::asio::ssl::context> server(std::string const& file,
                                                                    bool asks_client = false) const;

  private:
    struct Authority;
    std::filesystem::path folder_;
    std::unique_ptr<Authority> authority_;
};

}  // namespace headrace::http::testing
