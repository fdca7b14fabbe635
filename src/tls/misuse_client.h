// A TLS client that does what a well-behaved one does not: it shows any certificate, offers versions that are over,
// brings sessions back whenever it likes and under any name, renegotiates. Whether the server lets it is all that is
// looked at: the server's certificate is not verified here, and weak cryptography is no obstacle.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tls/credential.h"
#include "x509/certificate.h"

typedef struct ssl_session_st SSL_SESSION;

namespace symbolon::tls {

// What one connection takes in at most, whatever the server sends.
struct MisuseLimits {
  static constexpr std::size_t kChainOctets = 256 * 1024;        // the server's Certificate message
  static constexpr std::size_t kOctets = 1024 * 1024;            // everything read from the socket
  static constexpr std::size_t kApplicationOctets = 128 * 1024;  // remembered
  static constexpr std::size_t kSessions = 8;                    // remembered, the first ones
};

enum class ProtocolVersion : std::uint16_t { tls10 = 0x0301, tls11 = 0x0302, tls12 = 0x0303, tls13 = 0x0304 };
std::string_view name(ProtocolVersion version);  // "TLS 1.2"

// A session that was taken out of a connection, to be offered in another one. Immutable but for its age, which
// `offer` may set back.
using TakenSession = std::shared_ptr<SSL_SESSION>;
bool is_ticket(const TakenSession& session);  // else it is known by its id alone
std::chrono::seconds lifetime_hint(const TakenSession& session);

struct MisuseOptions {
  std::string server_name = {};                            // SNI; empty or an address: none is sent
  std::shared_ptr<const Credential> credential = nullptr;  // null: an empty Certificate
  ProtocolVersion least = ProtocolVersion::tls12;
  ProtocolVersion most = ProtocolVersion::tls13;
  TakenSession session = nullptr;               // offered, also when it is past its lifetime
  bool without_tickets = false;                 // of TLS 1.2: session ids only
  std::vector<std::string> alpn = {};           // offered
  bool post_handshake_auth = false;             // RFC 8446 §4.2.6: offered
  bool renegotiate = false;                     // asked for after the handshake, in TLS 1.2
  std::string request = {};                     // application data to send after Finished; empty: nothing is sent
  std::chrono::milliseconds handshake{10'000};  // until Finished, and for each renegotiation
  std::chrono::milliseconds linger{2'000};      // after that: TLS 1.3 servers refuse a client only then
};

struct MisuseAlert {
  bool fatal = false;
  int description = 0;          // RFC 8446 §6
  bool after_finished = false;  // came when our Finished had been sent
};

// What ended it.
enum class MisuseEnd : std::uint8_t {
  alert,    // a fatal alert came
  data,     // application data came, and we had enough
  closed,   // close_notify came
  cut,      // the connection ended without close_notify
  reset,    // the connection was reset
  silence,  // after Finished nothing came while we lingered
  timeout,  // the handshake did not finish in time
  flood,    // more came than MisuseLimits allow
  failed,   // our TLS library gave up: `words` has its reasons
};

// What came of asking for a renegotiation.
enum class Renegotiation : std::uint8_t {
  not_asked,
  refused,    // by an alert: no_renegotiation, or a fatal one
  ended,      // the connection ended instead
  ignored,    // nothing came of it in time
  completed,  // the server did it
};

struct MisuseResult {
  MisuseEnd end = MisuseEnd::failed;
  bool finished = false;                        // the handshake, as far as this side can see it
  bool resumed = false;                         // by the session that was offered
  std::optional<ProtocolVersion> version = {};  // as ServerHello chose
  std::string alpn = {};                        // as the server chose
  bool certificate_requested = false;           // in the handshake
  bool certificate_requested_late = false;      // after Finished, without a renegotiation of ours
  bool certificate_sent = false;                // the credential was asked for and given
  bool secure_renegotiation = false;            // RFC 5746 §3.4; of TLS 1.2 and below
  Renegotiation renegotiation = Renegotiation::not_asked;
  std::optional<MisuseAlert> alert_received = {};  // the last one but close_notify
  std::string application_data = {};               // as far as it is remembered
  std::vector<TakenSession> sessions = {};         // that the server gave, in their order
  std::vector<x509::Certificate> server_chain = {};
  std::string words = {};  // our library's reasons, or the system's
};

// `descriptor` is a connected stream socket; it is made nonblocking and stays the caller's. Blocks the thread for
// twice handshake and linger at most. Total.
MisuseResult misuse(int descriptor, const MisuseOptions& options);

}  // namespace symbolon::tls
