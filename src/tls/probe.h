// One TLS handshake as a client, watched: what was sent, what came, how it ended. Nothing is judged here, so that a
// server with a bad certificate, and one that is no TLS server at all, are seen to the end.
//
// TLS 1.2 and 1.3 are offered unless ProbeOptions say otherwise, at security level 0: a weak certificate is an
// observation, not an obstacle.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tls/credential.h"
#include "x509/certificate.h"
#include "x509/name.h"

namespace symbolon::tls {

// What a probe takes in at most, whatever the server sends.
struct ProbeLimits {
  static constexpr std::size_t kChainOctets = 256 * 1024;    // the server's Certificate message
  static constexpr std::size_t kOctets = 1024 * 1024;        // everything read from the socket
  static constexpr std::size_t kMessages = 512;              // remembered
  static constexpr std::size_t kApplicationOctets = 16'384;  // remembered
  static constexpr std::size_t kFirstOctets = 256;           // remembered of what came first
};

enum class ProbeVersion : std::uint8_t { tls10, tls11, tls12, tls13 };
std::string_view name(ProbeVersion version);  // "TLS 1.2"

enum class ProbeSuites : std::uint8_t {
  usual,  // what OpenSSL offers of itself
  every,  // all it has, in TLS 1.3 also the two with CCM, which hardly anybody offers
};

// In how many pieces the ClientHello goes out; each form is allowed (RFC 8446 §5.1).
enum class ProbeSplit : std::uint8_t { whole, records, segments, both };

struct ProbeOptions {
  std::string server_name;                       // SNI; empty or an address: none is sent
  std::shared_ptr<const Credential> credential;  // presented when the server asks for one; null: an empty Certificate
  std::string request;                           // HTTP/1.1, sent after Finished unless h2 was chosen; empty: none
  std::chrono::milliseconds handshake{10'000};   // until Finished
  std::chrono::milliseconds linger{1'500};       // after Finished: TLS 1.3 servers refuse a client only then
  ProbeVersion least = ProbeVersion::tls12;
  ProbeVersion most = ProbeVersion::tls13;
  ProbeSuites suites = ProbeSuites::usual;
  ProbeSplit split = ProbeSplit::whole;
  std::string groups = {};             // OpenSSL's list, "X25519:P-256"; empty: what it offers of itself
  std::vector<std::string> alpn = {};  // application protocols, each of 1 to 255 octets; empty: none are offered
};

enum class ProbeDirection : std::uint8_t { sent, received };

// A handshake message, alert or change_cipher_spec, in order.
struct ProbeMessage {
  ProbeDirection direction = ProbeDirection::sent;
  std::uint8_t content_type = 0;    // RFC 8446 §5.1: 20, 21, 22
  std::uint8_t handshake_type = 0;  // RFC 8446 §4, with content type 22
  std::size_t octets = 0;
  std::chrono::microseconds at{0};  // since the first octet was sent
  bool retry = false;               // a ServerHello that is a HelloRetryRequest (RFC 8446 §4.1.3)
  std::uint8_t alert_level = 0;     // RFC 8446 §6, with content type 21
  std::uint8_t alert = 0;
};

struct ProbeAlert {
  int level = 0;                // 1 warning, 2 fatal
  int description = 0;          // RFC 8446 §6
  bool after_finished = false;  // came when our Finished had been sent
};

// What ended the watching.
enum class ProbeEnd : std::uint8_t {
  alert,    // a fatal alert came
  data,     // application data came
  closed,   // close_notify came
  cut,      // the connection ended without close_notify
  reset,    // the connection was reset
  silence,  // after Finished nothing more came while we lingered
  timeout,  // the handshake did not finish in time
  not_tls,  // what came is no TLS record
  flood,    // more came than ProbeLimits allow
  failed,   // our TLS library gave up: `words` has its reasons, `alert_sent` the alert it sent
};

struct Transcript {
  ProbeEnd end = ProbeEnd::failed;
  bool finished = false;                             // the handshake, as far as this side can see it
  std::string version = {};                          // of the ServerHello, "TLSv1.3"; empty before it
  bool version_offered = true;                       // false: our ClientHello did not offer that version
  std::string cipher = {};                           // "TLS_AES_128_GCM_SHA256"
  std::string group = {};                            // "x25519"; empty where the library does not say
  std::vector<x509::Certificate> server_chain = {};  // leaf first, as sent

  bool certificate_requested = false;
  std::vector<x509::DistinguishedName> ca_names = {};  // of the request; empty: any, or none was sent
  std::vector<std::string> signature_algorithms = {};  // of the request, "ecdsa_secp256r1_sha256"
  std::vector<std::string> certificate_types = {};     // of the request of TLS 1.2, "ecdsa_sign"
  bool certificate_sent = false;                       // not only an empty Certificate

  std::optional<ProbeAlert> alert_received = {};  // the last one but close_notify
  std::optional<ProbeAlert> alert_sent = {};
  int session_tickets = 0;
  std::string application_protocol = {};          // that the server chose (ALPN); empty: none
  std::optional<Bytes> staple = {};               // OCSP response; it is always asked for (RFC 6066 §8)
  std::optional<bool> secure_renegotiation = {};  // RFC 5746; absent in TLS 1.3, which has no renegotiation
  bool post_quantum_offered = false;              // a hybrid key exchange stood in our ClientHello

  std::string application_data = {};                                  // as far as it is remembered
  std::optional<std::chrono::microseconds> application_data_at = {};  // its first octet, since ours
  Bytes first_octets = {};                                            // of what came, as it stood on the wire
  std::string words = {};                                             // our library's reasons, or the system's
  std::vector<ProbeMessage> messages = {};
  std::chrono::microseconds handshake_time{0};
};

// Does this build's library know a hybrid post-quantum key exchange (X25519MLKEM768)?
bool has_post_quantum_group();

// `descriptor` is a connected stream socket; it is made nonblocking and stays the caller's. Blocks the thread for
// handshake + linger at most. Total.
Transcript probe(int descriptor, const ProbeOptions& options);

}  // namespace symbolon::tls
