#include "http/tls.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cerrno>
#include <fstream>
#include <system_error>

namespace headrace::http {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using boost::system::error_code;

namespace {

using ContextPtr = std::shared_ptr<ssl::context>;

Result<void> check_readable(std::string const& file, std::string_view role) {
    errno = 0;
    std::ifstream stream(file, std::ios::binary);
    // A directory opens but cannot be read.
    if (stream && stream.peek() != std::ifstream::traits_type::eof()) return {};
    auto const cause = errno != 0 ? std::error_code(errno, std::generic_category()).message()
                                  : std::string("it is empty");
    auto code = ErrorCode::tls;
    if (errno == ENOENT || errno == ENOTDIR) code = ErrorCode::not_found;
    if (errno == EACCES) code = ErrorCode::permission;
    return Error{code, "the " + std::string(role) + " file " + file + " cannot be read: " + cause};
}

Error unusable(std::string const& file, std::string_view role, error_code error) {
    return Error{ErrorCode::tls, "the " + std::string(role) + " file " + file +
                                     " cannot be used: " + error.message()};
}

Result<void> load_ca(ssl::context& context, std::string const& file) {
    error_code error;
    if (file.empty()) {
        context.set_default_verify_paths(error);
        if (!error) return {};
        return Error{ErrorCode::tls, "the system's trust store cannot be loaded: " +
                                         error.message() + "; set http.tls.ca to a PEM file"};
    }
    if (auto readable = check_readable(file, "CA"); !readable) return readable;
    context.load_verify_file(file, error);
    if (error) return unusable(file, "CA", error);
    return {};
}

Result<void> load_certificate(ssl::context& context, TlsSettings const& settings) {
    if (settings.certificate_file.empty()) {
        if (settings.key_file.empty()) return {};
        return Error{ErrorCode::tls, "http.tls.key is set without http.tls.certificate"};
    }
    auto const& chain = settings.certificate_file;
    auto const& key = settings.key_file.empty() ? chain : settings.key_file;
    if (auto readable = check_readable(chain, "certificate"); !readable) return readable;
    if (auto readable = check_readable(key, "key"); !readable) return readable;
    error_code error;
    context.use_certificate_chain_file(chain, error);
    if (error) return unusable(chain, "certificate", error);
    // Without this OpenSSL would ask for a passphrase on the terminal.
    bool asked = false;
    context.set_password_callback(
        [&asked](std::size_t, ssl::context::password_purpose) {
            asked = true;
            return std::string();
        },
        error);
    context.use_private_key_file(key, ssl::context::pem, error);
    if (asked) {
        return Error{ErrorCode::tls, "the key file " + key +
                                         " is protected by a passphrase: give a key without one, "
                                         "readable by the daemon alone"};
    }
    if (error) {
        return Error{ErrorCode::tls, "the key file " + key +
                                         " cannot be used with the certificate " + chain + ": " +
                                         error.message()};
    }
    return {};
}

bool is_address(std::string const& host) {
    error_code error;
    asio::ip::make_address(host, error);
    return !error;
}

std::string advice(long verdict, std::string const& peer) {
    switch (verdict) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return "a certificate of " + peer + " has expired: it must be renewed there";
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return "a certificate of " + peer +
                   " is not valid yet: check this machine's clock and the peer's certificate";
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return "the certificate of " + peer +
                   " is for another host: the address must be one that the certificate names";
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return "the issuer of the certificate of " + peer +
                   " is unknown: set http.tls.ca to the PEM file of its CA";
        default:
            return "the certificate of " + peer +
                   " was refused: " + X509_verify_cert_error_string(verdict);
    }
}

}  // namespace

Result<ContextPtr> make_tls_context(TlsSettings const& settings) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
    if (SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION) != 1) {
        return Error{ErrorCode::tls,
                     "OpenSSL refuses TLS 1.2: check the system's OpenSSL settings"};
    }
    if (settings.verify) {
        if (auto loaded = load_ca(*context, settings.ca_file); !loaded) return loaded.error();
    }
    if (auto loaded = load_certificate(*context, settings); !loaded) return loaded.error();
    return context;
}

Result<void> check(TlsSettings const& settings) {
    auto context = make_tls_context(settings);
    if (!context) return std::move(context).error();
    return {};
}

Result<void> expect_peer(ssl_st* handle, std::string const& host, bool verify) {
    SSL_set_verify(handle, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    auto* const expected = SSL_get0_param(handle);
    X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    bool set = true;
    if (is_address(host)) {
        // An address is never sent as a server name (RFC 6066).
        set = !verify || X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) == 1;
    } else {
        // What SSL_set_tlsext_host_name does; the macro itself has a C cast that warns.
        std::string name = host;
        set = SSL_ctrl(handle, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                       name.data()) == 1;
        set = set && (!verify || SSL_set1_host(handle, host.c_str()) == 1);
    }
    ERR_clear_error();
    if (set) return {};
    return Error{ErrorCode::tls, "TLS cannot ask for the host " + host + ": check the address"};
}

bool has_unread(ssl_st* handle) {
    ERR_clear_error();
    char byte = 0;
    int const count = SSL_peek(handle, &byte, 1);
    bool const waits = count <= 0 && SSL_get_error(handle, count) == SSL_ERROR_WANT_READ;
    ERR_clear_error();
    return !waits;
}

Error tls_error(ssl_st* handle, error_code error, std::string const& peer) {
    auto const verdict = SSL_get_verify_result(handle);
    if (verdict != X509_V_OK && (SSL_get_verify_mode(handle) & SSL_VERIFY_PEER) != 0) {
        return Error{ErrorCode::tls, advice(verdict, peer)};
    }
    if (error == asio::error::eof || error == ssl::error::stream_truncated ||
        error == asio::error::connection_reset || error == asio::error::broken_pipe) {
        return Error{ErrorCode::tls, peer +
                                         " closed the connection in the TLS handshake: check that "
                                         "it speaks TLS 1.2 or newer on this port"};
    }
    auto const reason = ERR_GET_REASON(static_cast<unsigned long>(error.value()));
    if (error.category() == asio::error::get_ssl_category() &&
        reason == SSL_R_WRONG_VERSION_NUMBER) {
        return Error{ErrorCode::tls, peer +
                                         " does not speak TLS on this port: check the address, "
                                         "or use http:// if no TLS is meant"};
    }
    return Error{ErrorCode::tls, "TLS with " + peer + " failed: " + error.message() +
                                     " (if it asks for a client certificate, set "
                                     "http.tls.certificate and http.tls.key)"};
}

}  // namespace headrace::http
