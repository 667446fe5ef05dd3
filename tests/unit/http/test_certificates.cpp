#include "test_certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <fstream>
#include <stdexcept>
#include <unistd.h>

namespace headrace::http::testing {

namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

Key make_key() {
    return Key(EVP_EC_gen("P-256"), EVP_PKEY_free);
}

void add_extension(X509* certificate, int id, std::string const& value) {
    auto* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, value.c_str());
    if (extension == nullptr) throw std::runtime_error("bad extension " + value);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

Certificate make_certificate(EVP_PKEY* key, std::string const& name, long from, long until) {
    static std::atomic<long> serial{1};
    Certificate certificate(X509_new(), X509_free);
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), from);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), until);
    X509_set_pubkey(certificate.get(), key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<unsigned char const*>(name.c_str()), -1, -1, 0);
    return certificate;
}

std::string unique_name() {
    static std::atomic<int> number{0};
    return "Headrace test CA " + std::to_string(number++);
}

File open_file(std::string const& path) {
    return {std::fopen(path.c_str(), "w"), &std::fclose};
}

}  // namespace

struct TestCertificates::Authority {
    Key key = make_key();
    Certificate certificate = make_certificate(key.get(), unique_name(), -7200, 86400);
};

TestCertificates::TestCertificates() : authority_(std::make_unique<Authority>()) {
    std::string pattern = (std::filesystem::temp_directory_path() / "headrace-tls-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = pattern;
    auto* const ca = authority_->certificate.get();
    X509_set_issuer_name(ca, X509_get_subject_name(ca));
    add_extension(ca, NID_basic_constraints, "critical,CA:TRUE");
    X509_sign(ca, authority_->key.get(), EVP_sha256());
    PEM_write_X509(open_file(ca_file()).get(), ca);
}

TestCertificates::~TestCertificates() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

std::string TestCertificates::issue(CertificateRequest const& request) const {
    auto const key = make_key();
    auto const certificate = make_certificate(key.get(), "headrace test", request.valid_from_secs,
                                              request.valid_until_secs);
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(authority_->certificate.get()));
    if (!request.names.empty()) {
        add_extension(certificate.get(), NID_subject_alt_name, request.names);
    }
    X509_sign(certificate.get(), authority_->key.get(), EVP_sha256());
    auto const file = path(request.file);
    auto const out = open_file(file);
    PEM_write_X509(out.get(), certificate.get());
    auto const* const cipher = request.passphrase.empty() ? nullptr : EVP_aes_256_cbc();
    PEM_write_PrivateKey(out.get(), key.get(), cipher,
                         reinterpret_cast<unsigned char const*>(request.passphrase.data()),
                         static_cast<int>(request.passphrase.size()), nullptr, nullptr);
    return file;
}

std::string TestCertificates::write(std::string const& file, std::string const& content) const {
    std::ofstream(path(file), std::ios::binary) << content;
    return path(file);
}

std::shared_ptr<boost::asio::ssl::context> TestCertificates::server(std::string const& file,
                                                                    bool asks_client) const {
    namespace ssl = boost::asio::ssl;
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    context->use_certificate_chain_file(file);
    context->use_private_key_file(file, ssl::context::pem);
    if (asks_client) {
        context->load_verify_file(ca_file());
        context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
    }
    return context;
}

}  // namespace headrace::http::testing
