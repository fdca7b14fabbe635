// What passes in a probe's handshake, written down while it passes.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "tls/probe.h"

typedef struct ssl_st SSL;

namespace symbolon::tls {

// Listens to the library's message callback. Must outlive the SSL it is attached to.
class ProbeRecord {
 public:
  void attach(SSL* ssl);
  void start(std::chrono::steady_clock::time_point at) { start_ = at; }
  // One message as the callback gives it: `octets` is the whole handshake message or the alert.
  void take(ProbeDirection direction, int content_type, ByteView octets, bool tls13);

  bool fatal_alert_received() const { return alert_received_ && alert_received_->level == 2; }
  bool server_hello_seen() const { return server_hello_seen_; }
  std::optional<std::uint16_t> version() const { return version_; }  // that the server chose
  void move_into(Transcript& transcript);

 private:
  void take_handshake(ProbeDirection direction, ByteView message, bool tls13);
  void take_alert(ProbeDirection direction, ByteView alert);

  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::vector<ProbeMessage> messages_;
  std::optional<ProbeAlert> alert_received_;
  std::optional<ProbeAlert> alert_sent_;
  bool server_hello_seen_ = false;
  std::optional<std::uint16_t> version_;
  bool finished_sent_ = false;
  bool certificate_requested_ = false;
  bool certificate_sent_ = false;
  int session_tickets_ = 0;
};

// Does a Certificate message (RFC 5246 §7.4.2, RFC 8446 §4.4.2) or a CompressedCertificate message (RFC 8879 §4: what a
// newer OpenSSL sends), with its header, hold a certificate? Total.
bool holds_certificate(ByteView message, bool tls13);

// Could these be the first octets of a TLS server's answer: an alert or handshake record of TLS? Total; empty: yes.
bool looks_like_tls(ByteView octets);

// RFC 8446 §4.2.3: "ecdsa_secp256r1_sha256", "0x1234" where it has no name.
std::string signature_scheme_name(std::uint16_t scheme);

// Version, cipher, chain and what the server asked for, as the library holds them now, beside what was written down.
void gather_probe_facts(SSL* ssl, ProbeRecord& record, Transcript& transcript);

}  // namespace symbolon::tls
