#include "tls/probe_record.h"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <utility>

#include "tls/server_hello.h"

namespace symbolon::tls {
namespace {

// RFC 8446 §5.1 and §4.
constexpr int kChangeCipherSpec = 20;
constexpr int kAlert = 21;
constexpr int kHandshake = 22;
constexpr int kRecordHeader = SSL3_RT_HEADER;  // a pseudo type of the library
constexpr std::uint8_t kServerHello = 2;
constexpr std::uint8_t kNewSessionTicket = 4;
constexpr std::uint8_t kCertificate = 11;
constexpr std::uint8_t kCertificateRequest = 13;
constexpr std::uint8_t kFinished = 20;
constexpr std::uint8_t kCompressedCertificate = 25;  // RFC 8879 §4
constexpr std::uint32_t kNoCertificate13 = 4;        // RFC 8446 §4.4.2: an empty context and an empty list
constexpr int kCloseNotify = 0;
constexpr int kUserCanceled = 90;
// RFC 8446 §4.1.3: the random of a ServerHello that is a HelloRetryRequest, and where it stands.
constexpr std::size_t kRandomAt = 6;
constexpr std::array<std::uint8_t, 32> kRetryRandom{0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C,
                                                    0x02, 0x1E, 0x65, 0xB8, 0x91, 0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB,
                                                    0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C};

void on_message(int write, int version, int content_type, const void* data, std::size_t size, SSL*, void* record) {
  static_cast<ProbeRecord*>(record)->take(write != 0 ? ProbeDirection::sent : ProbeDirection::received, content_type,
                                          {static_cast<const std::uint8_t*>(data), size}, version == TLS1_3_VERSION);
}

bool is_hello_retry_request(ByteView message) {
  if (message.size() < kRandomAt + kRetryRandom.size() || message[0] != kServerHello) return false;
  return std::equal(kRetryRandom.begin(), kRetryRandom.end(), message.begin() + kRandomAt);
}

// RFC 5246 §7.4.4 and RFC 8422 §5.5; RFC 8446 has none.
std::vector<std::string> certificate_types_of(SSL* ssl) {
  const unsigned char* types = nullptr;
  const auto count = static_cast<std::size_t>(SSL_get0_certificate_types(ssl, &types));
  std::vector<std::string> out;
  for (const std::uint8_t type : ByteView(types, count)) {
    switch (type) {
      case 1: out.emplace_back("rsa_sign"); break;
      case 2: out.emplace_back("dss_sign"); break;
      case 64: out.emplace_back("ecdsa_sign"); break;
      default: out.push_back(fmt::format("type {}", type));
    }
  }
  return out;
}

std::string group_of(SSL* ssl) {
#if OPENSSL_VERSION_NUMBER >= 0x30200000L
  const char* name = SSL_get0_group_name(ssl);
  return name != nullptr ? name : "";
#else
  EVP_PKEY* key = nullptr;
  if (SSL_get_peer_tmp_key(ssl, static_cast<void*>(&key)) != 1) return {};
  const crypto::EvpKey owner(key);
  std::array<char, 80> name{};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) == 1 && size > 0) return {name.data(), size};
  const char* type = EVP_PKEY_get0_type_name(key);
  return type != nullptr ? type : "";
#endif
}

}  // namespace

void ProbeRecord::attach(SSL* ssl) {
  SSL_set_msg_callback(ssl, on_message);
  SSL_set_msg_callback_arg(ssl, this);
}

void ProbeRecord::take(ProbeDirection direction, int content_type, ByteView octets, bool tls13) {
  if (direction == ProbeDirection::received) {
    // The library tells of no ChangeCipherSpec that comes, but of the header of its record.
    static constexpr std::uint8_t kOne[] = {1};
    if (content_type == kChangeCipherSpec) return;
    if (content_type == kRecordHeader && !octets.empty() && octets[0] == kChangeCipherSpec) {
      content_type = kChangeCipherSpec;
      octets = kOne;
    }
  }
  if (content_type < kChangeCipherSpec || content_type > kHandshake) return;  // the library's other pseudo types
  const auto at = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start_);
  const std::uint8_t type = content_type == kHandshake && !octets.empty() ? octets[0] : std::uint8_t{0};
  if (messages_.size() < ProbeLimits::kMessages) {
    messages_.push_back({direction, static_cast<std::uint8_t>(content_type), type, octets.size(), at});
    ProbeMessage& message = messages_.back();
    message.retry = content_type == kHandshake && is_hello_retry_request(octets);
    if (content_type == kAlert && octets.size() == 2) {
      message.alert_level = octets[0];
      message.alert = octets[1];
    }
  }
  if (content_type == kAlert) take_alert(direction, octets);
  if (content_type == kHandshake) take_handshake(direction, octets, tls13);
}

void ProbeRecord::take_handshake(ProbeDirection direction, ByteView message, bool tls13) {
  if (message.empty()) return;
  const std::uint8_t type = message[0];
  if (direction == ProbeDirection::received) {
    server_hello_seen_ = server_hello_seen_ || type == kServerHello;
    if (type == kServerHello) version_ = server_hello_version(message);
    certificate_requested_ = certificate_requested_ || type == kCertificateRequest;
    session_tickets_ += type == kNewSessionTicket ? 1 : 0;
    return;
  }
  finished_sent_ = finished_sent_ || type == kFinished;
  if (type == kCertificate || type == kCompressedCertificate) certificate_sent_ = holds_certificate(message, tls13);
}

void ProbeRecord::take_alert(ProbeDirection direction, ByteView alert) {
  if (alert.size() != 2 || alert[1] == kCloseNotify || alert[1] == kUserCanceled) return;
  const ProbeAlert seen{alert[0], alert[1], finished_sent_};
  (direction == ProbeDirection::received ? alert_received_ : alert_sent_) = seen;
}

void ProbeRecord::move_into(Transcript& transcript) {
  transcript.certificate_requested = certificate_requested_;
  transcript.certificate_sent = certificate_sent_;
  transcript.alert_received = alert_received_;
  transcript.alert_sent = alert_sent_;
  transcript.session_tickets = session_tickets_;
  transcript.messages = std::move(messages_);
}

bool holds_certificate(ByteView message, bool tls13) {
  std::size_t at = 4;  // type and length
  if (!message.empty() && message[0] == kCompressedCertificate) {
    at += 2;  // algorithm
    if (message.size() < at + 3) return false;
    const std::uint32_t uncompressed =
        static_cast<std::uint32_t>(message[at] << 16 | message[at + 1] << 8 | message[at + 2]);
    return uncompressed > kNoCertificate13;
  }
  if (tls13) {
    if (message.size() <= at) return false;
    at += 1U + message[at];  // certificate_request_context
  }
  if (message.size() < at + 3) return false;
  return (message[at] | message[at + 1] | message[at + 2]) != 0;  // length of certificate_list
}

bool looks_like_tls(ByteView octets) {
  if (octets.empty()) return true;
  if (octets[0] != kAlert && octets[0] != kHandshake) return false;
  return octets.size() < 2 || octets[1] == 3;  // legacy_record_version 0x0301 to 0x0303
}

std::string signature_scheme_name(std::uint16_t scheme) {
  static constexpr std::array<std::pair<std::uint16_t, const char*>, 29> kNames{{
      {0x0201, "rsa_pkcs1_sha1"},
      {0x0202, "dsa_sha1"},
      {0x0203, "ecdsa_sha1"},
      {0x0301, "rsa_pkcs1_sha224"},
      {0x0302, "dsa_sha224"},
      {0x0303, "ecdsa_sha224"},
      {0x0401, "rsa_pkcs1_sha256"},
      {0x0402, "dsa_sha256"},
      {0x0403, "ecdsa_secp256r1_sha256"},
      {0x0501, "rsa_pkcs1_sha384"},
      {0x0502, "dsa_sha384"},
      {0x0503, "ecdsa_secp384r1_sha384"},
      {0x0601, "rsa_pkcs1_sha512"},
      {0x0602, "dsa_sha512"},
      {0x0603, "ecdsa_secp521r1_sha512"},
      {0x0804, "rsa_pss_rsae_sha256"},
      {0x0805, "rsa_pss_rsae_sha384"},
      {0x0806, "rsa_pss_rsae_sha512"},
      {0x0807, "ed25519"},
      {0x0808, "ed448"},
      {0x0809, "rsa_pss_pss_sha256"},
      {0x080a, "rsa_pss_pss_sha384"},
      {0x080b, "rsa_pss_pss_sha512"},
      {0x081a, "ecdsa_brainpoolP256r1tls13_sha256"},
      {0x081b, "ecdsa_brainpoolP384r1tls13_sha384"},
      {0x081c, "ecdsa_brainpoolP512r1tls13_sha512"},
      {0x0904, "mldsa44"},
      {0x0905, "mldsa65"},
      {0x0906, "mldsa87"},
  }};
  for (const auto& [number, name] : kNames) {
    if (number == scheme) return name;
  }
  return fmt::format("{:#06x}", scheme);
}

void gather_probe_facts(SSL* ssl, ProbeRecord& record, Transcript& transcript) {
  record.move_into(transcript);
  if (record.server_hello_seen()) {
    // The library names its own newest version where it gave up on the one that was chosen.
    const auto version = record.version().value_or(static_cast<std::uint16_t>(SSL_version(ssl)));
    transcript.version = version_text(version);
    transcript.version_offered = version >= SSL_get_min_proto_version(ssl) && version <= SSL_get_max_proto_version(ssl);
    if (const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl)) transcript.cipher = SSL_CIPHER_get_name(cipher);
    transcript.group = group_of(ssl);
    if (version <= TLS1_2_VERSION) transcript.secure_renegotiation = SSL_get_secure_renegotiation_support(ssl) == 1;
  }
  const unsigned char* octets = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &octets, &size);
  if (octets != nullptr) transcript.application_protocol = std::string(as_text(ByteView(octets, size)));
  if (const long staple = SSL_get_tlsext_status_ocsp_resp(ssl, static_cast<void*>(&octets)); staple > 0) {
    transcript.staple = Bytes(octets, octets + staple);
  }
  if (const STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl)) {
    for (int i = 0; i < sk_X509_num(chain); ++i) {
      transcript.server_chain.push_back(x509::Certificate::from_handle(sk_X509_value(chain, i)));
    }
  }
  if (!transcript.certificate_requested) return;
  if (const STACK_OF(X509_NAME)* names = SSL_get0_peer_CA_list(ssl)) {
    for (int i = 0; i < sk_X509_NAME_num(names); ++i) {
      transcript.ca_names.push_back(x509::DistinguishedName::from_handle(sk_X509_NAME_value(names, i)));
    }
  }
  transcript.certificate_types = certificate_types_of(ssl);
  const int schemes = SSL_get_sigalgs(ssl, -1, nullptr, nullptr, nullptr, nullptr, nullptr);
  for (int i = 0; i < schemes; ++i) {
    unsigned char low = 0;
    unsigned char high = 0;
    if (SSL_get_sigalgs(ssl, i, nullptr, nullptr, nullptr, &low, &high) == 0) break;
    transcript.signature_algorithms.push_back(signature_scheme_name(static_cast<std::uint16_t>(high << 8 | low)));
  }
}

}  // namespace symbolon::tls
