#include "tls/context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <csignal>
#include <mutex>

#include "crypto/openssl_error.h"
#include "tls/alpn.h"
#include "tls/callbacks.h"
#include "x509/path_rules.h"

namespace symbolon::tls {
namespace {

constexpr const char* kSuites13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kSuites12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kSignatures =
    "ecdsa_secp256r1_sha256:ed25519:ecdsa_secp384r1_sha384:rsa_pss_rsae_sha256:rsa_pss_pss_sha256:"
    "rsa_pss_rsae_sha384:rsa_pss_pss_sha384:rsa_pss_rsae_sha512:rsa_pss_pss_sha512:ecdsa_secp521r1_sha512:ed448:"
    "RSA+SHA256:RSA+SHA384:RSA+SHA512";
constexpr const char* kGroups[] = {"X25519MLKEM768", "X25519", "P-256", "P-384", "P-521", "X448"};

// A list with a group that the library does not know fails as a whole: each is tried alone, once.
const std::string& known_groups() {
  static const std::string kKnown = [] {
    std::string out;
    const Context probe(SSL_CTX_new(TLS_method()));
    for (const char* const group : kGroups) {
      if (probe && SSL_CTX_set1_groups_list(probe.get(), group) == 1)
        out += (out.empty() ? "" : ":") + std::string(group);
    }
    ERR_clear_error();
    return out;
  }();
  return kKnown;
}

// libssl writes with write(2): a connection that the peer has closed must be an error, not a signal.
void ignore_sigpipe() {
  static std::once_flag once;
  std::call_once(once, [] { std::signal(SIGPIPE, SIG_IGN); });
}

Result<Context> make_context(const SSL_METHOD* method) {
  ignore_sigpipe();
  Context context(SSL_CTX_new(method));
  if (!context) return crypto::openssl_failure(Code::crypto_failed, "making a TLS context");
  SSL_CTX* const raw = context.get();
  const bool made = SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) == 1 &&
                    SSL_CTX_set_max_proto_version(raw, TLS1_3_VERSION) == 1 &&
                    SSL_CTX_set_ciphersuites(raw, kSuites13) == 1 && SSL_CTX_set_cipher_list(raw, kSuites12) == 1 &&
                    SSL_CTX_set1_sigalgs_list(raw, kSignatures) == 1 &&
                    SSL_CTX_set1_groups_list(raw, known_groups().c_str()) == 1;
  if (!made) return crypto::openssl_failure(Code::crypto_failed, "setting versions, suites and groups");
  SSL_CTX_set_security_level(raw, 2);  // 112 bits
  // Either of NO_TICKET and num_tickets(0) alone still resumes in one version; the cache mode closes the session ids.
  SSL_CTX_set_options(raw, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                               SSL_OP_NO_TICKET | SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION);
#ifdef SSL_OP_NO_RX_CERTIFICATE_COMPRESSION
  // RFC 8879: a stranger's few octets would become as many MiB as they say, before anybody has judged them.
  SSL_CTX_set_options(raw, SSL_OP_NO_TX_CERTIFICATE_COMPRESSION | SSL_OP_NO_RX_CERTIFICATE_COMPRESSION);
#endif
  SSL_CTX_set_num_tickets(raw, 0);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);  // also where tickets are on: none of them is kept here
  SSL_CTX_set_max_early_data(raw,
                             0);  // what comes all the same is skipped (RFC 8446 §4.2.10), within the library's bound
  SSL_CTX_set_post_handshake_auth(raw, 0);
  // Moving buffers: the relay writes from what it just read into. No automatic chain: what is sent is what was given.
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS |
                            SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_clear_mode(raw, SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_read_ahead(raw, 1);  // a record in one read(2) instead of two
  SSL_CTX_set_cert_verify_callback(raw, on_peer_chain, nullptr);
  SSL_CTX_set_msg_callback(raw, on_message);
  return context;
}

// What no peer should take is not presented: OpenSSL 3.0 refuses to, 3.5 lets it pass.
Status check_signature(const x509::Certificate& certificate, PeerRole presented_by) {
  if (certificate.self_signed() || !x509::is_weak_signature(certificate)) return {};
  return fail(certificate_code(presented_by, CertificateProblem::weak_signature), "{} is signed with {} (RFC 9155)",
              certificate.text(), certificate.signature_algorithm());
}

Status use(SSL_CTX* context, const Credential& credential, PeerRole presented_by) {
  const auto& chain = credential.chain();
  const auto failed = [](Code code, const x509::Certificate& certificate) {
    return crypto::openssl_failure(code, "using " + certificate.text());
  };
  TRY(chain.front().public_key().check_strength());
  for (const x509::Certificate& certificate : chain) TRY(check_signature(certificate, presented_by));
  if (SSL_CTX_use_certificate(context, chain.front().get()) != 1) return failed(Code::crypto_failed, chain.front());
  if (SSL_CTX_use_PrivateKey(context, credential.key().get()) != 1 || SSL_CTX_check_private_key(context) != 1)
    return failed(Code::key_mismatch, chain.front());
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, chain[i].get()) != 1) return failed(Code::crypto_failed, chain[i]);
  }
  return {};
}

// What the CertificateRequest names, so that a client with several certificates can choose.
Status name_authorities(SSL_CTX* context, const x509::TrustBundle& trust) {
  TRY(trust.check_ca_names());
  STACK_OF(X509_NAME)* const names = sk_X509_NAME_new_null();
  for (const auto& name : trust.ca_names()) sk_X509_NAME_push(names, name.handle().release());
  SSL_CTX_set_client_CA_list(context, names);  // takes it
  return {};
}

int verify_mode(ClientVerification verify) {
  switch (verify) {
    case ClientVerification::require: return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    case ClientVerification::optional: return SSL_VERIFY_PEER;
    case ClientVerification::insecure_none: return SSL_VERIFY_NONE;
  }
  return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
}

// The path without its anchor, which is not presented (unless it is all there is).
std::vector<x509::Certificate> presented_by(const Admission& admitted) {
  std::vector<x509::Certificate> out = admitted.path;
  if (out.size() > 1) out.pop_back();
  return out;
}

}  // namespace

void ContextHandle::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }

Result<std::shared_ptr<const ServerContext>> ServerContext::make(ServerOptions options) {
  ENSURE(options.credential != nullptr);
  const bool asks = options.verify != ClientVerification::insecure_none;
  if (asks) ENSURE(options.clients.trust && options.clients.access && options.clients.clock != nullptr);
  options.clients.role = PeerRole::client;
  Context context = TRY(make_context(TLS_server_method()));
  if (auto used = use(context.get(), *options.credential, PeerRole::server); !used)
    return std::unexpected(used.error());
  if (asks) {
    if (auto named = name_authorities(context.get(), *options.clients.trust); !named)
      return std::unexpected(named.error());
  }
  SSL_CTX_set_verify(context.get(), verify_mode(options.verify), nullptr);
  SSL_CTX_set_client_hello_cb(context.get(), on_client_hello, nullptr);
  if (!options.alpn.empty()) SSL_CTX_set_alpn_select_cb(context.get(), on_alpn, nullptr);
  if (options.staple) SSL_CTX_set_tlsext_status_cb(context.get(), on_status_request);
  // Everywhere: the library asks the context that a connection began with, whichever route the ClientHello then chose.
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context.get(), on_ticket_key);
  SSL_CTX_set_session_ticket_cb(context.get(), on_new_ticket, on_ticket, nullptr);
  return std::shared_ptr<const ServerContext>(new ServerContext(std::move(context), std::move(options)));
}

ServerContext::ServerContext(Context context, ServerOptions options)
    : context_(std::move(context)),
      name_(std::move(options.name)),
      verify_(options.verify),
      judge_(std::move(options.clients)),
      alpn_(encode_protocols(options.alpn)),
      staple_(std::move(options.staple)),
      sessions_(std::move(options.sessions)) {}

crypto::Sha256 ServerContext::session_context(const std::optional<std::string>& server_name) const {
  Bytes all = {static_cast<std::uint8_t>(verify_), static_cast<std::uint8_t>(server_name.has_value())};
  const auto append = [&all](ByteView octets) { all.insert(all.end(), octets.begin(), octets.end()); };
  // Texts by their digests, which all have one length: none runs into the next.
  append(crypto::sha256(as_bytes(sessions_.listener)));
  append(crypto::sha256(as_bytes(name_)));
  if (server_name) append(crypto::sha256(as_bytes(*server_name)));
  if (const auto& trust = judge_.options().trust) append(trust->identity());
  return crypto::sha256(all);
}

Verdict ServerContext::judge_again(const std::shared_ptr<const Admission>& admitted,
                                   std::optional<UnixSeconds> at) const {
  if (verify_ == ClientVerification::insecure_none) return admitted;
  if (!admitted && verify_ == ClientVerification::optional) return admitted;
  if (!admitted) {
    Rejection missing;
    missing.code = Code::client_certificate_missing;
    missing.words = "the route demands a certificate now";
    return std::unexpected(std::move(missing));
  }
  return judge_.judge(presented_by(*admitted), at);
}

Result<std::shared_ptr<const ClientContext>> ClientContext::make(ClientOptions options) {
  ENSURE(options.servers.trust && options.servers.clock != nullptr);
  options.servers.role = PeerRole::server;
  Context context = TRY(make_context(TLS_client_method()));
  if (options.credential) {
    if (auto used = use(context.get(), *options.credential, PeerRole::client); !used)
      return std::unexpected(used.error());
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  return std::shared_ptr<const ClientContext>(new ClientContext(std::move(context), Judge(std::move(options.servers))));
}

Result<Judge> ClientContext::judge_of(const std::string& server_name) const {
  JudgeOptions options = judge_.options();
  if (!options.expected_names.empty()) return judge_;
  const bool is_address = x509::GeneralName::ip(server_name).has_value();
  options.expected_names.push_back(
      TRY(is_address ? x509::GeneralName::ip(server_name) : x509::GeneralName::dns(server_name)));
  return Judge(std::move(options));
}

Verdict ClientContext::judge_again(const std::shared_ptr<const Admission>& admitted, const std::string& server_name,
                                   std::optional<UnixSeconds> at) const {
  ENSURE(admitted != nullptr);  // servers are never anonymous
  const auto judge = judge_of(server_name);
  if (!judge) {
    Rejection rejection;
    rejection.code = judge.error().code;
    rejection.words = judge.error().words;
    return std::unexpected(std::move(rejection));
  }
  return judge->judge(presented_by(*admitted), at);
}

}  // namespace symbolon::tls
