// For tests: what a probe saw, with certificates that python3-cryptography made.
#pragma once

#include <string>
#include <vector>

#include "check/observation.h"
#include "x509/testing/forge.h"

namespace symbolon::check::testing {

using x509::testing::Forge;
using x509::testing::forge;
using x509::testing::kNow;

inline void pass(Observation& seen, tls::ProbeDirection direction, int type, std::uint8_t content = 22) {
  auto& messages = seen.tls->messages;
  messages.push_back(
      {direction, content, static_cast<std::uint8_t>(type), 100, std::chrono::microseconds(700 * messages.size())});
}

// A mutual handshake of TLS 1.3 whose server refuses an expired client.
inline Observation meeting() {
  static const x509::Certificate root = forge().ca("m-root", "Root");
  static const x509::Certificate issuing = forge().ca("m-issuing", "Issuing", "m-root");
  static const x509::Certificate server = forge().certificate(
      "m-server", "server", "m-issuing", Forge::with(Forge::kServer, R"("names": ["dns:a.example"])"));
  static const x509::Certificate client = forge().certificate(
      "m-client", "alice", "m-issuing",
      Forge::with(Forge::kClient,
                  fmt::format(R"("not_before": {}, "not_after": {})", kNow.count - 10 * 86400, kNow.count - 86400)));
  constexpr auto kSent = tls::ProbeDirection::sent;
  constexpr auto kReceived = tls::ProbeDirection::received;
  Observation seen;
  seen.endpoint = {net::Endpoint::Kind::name, "a.example", 443};
  seen.address = "192.0.2.1:443";
  seen.server_name = "a.example";
  seen.at = kNow;
  seen.tls.emplace();
  tls::Transcript& tls = *seen.tls;
  tls.end = tls::ProbeEnd::alert;
  tls.finished = true;
  tls.version = "TLSv1.3";
  tls.cipher = "TLS_AES_256_GCM_SHA384";
  tls.group = "x25519";
  tls.certificate_requested = true;
  tls.certificate_sent = true;
  tls.ca_names = {root.subject()};
  tls.signature_algorithms = {"ecdsa_secp256r1_sha256", "rsa_pss_rsae_sha256"};
  tls.first_octets = {22, 3, 3};
  tls.server_chain = {server, issuing};
  tls.alert_received = tls::ProbeAlert{2, 45, true};
  seen.client_chain = {client, issuing};
  pass(seen, kSent, 1);
  for (const int type : {2, 8, 13, 11, 15, 20}) pass(seen, kReceived, type);
  for (const int type : {11, 15, 20}) pass(seen, kSent, type);
  pass(seen, kReceived, 0, 21);
  tls.messages.back().alert_level = 2;
  tls.messages.back().alert = 45;
  return seen;
}

// The same of a server that means harm: markup, quotes, controls and turned writing wherever a name stands, and much of
// everything.
inline Observation evil_meeting() {
  static constexpr std::string_view kSubject =
      R"("subject": [["O", "<script>alert('x')</script>"], ["OU", "\"><img src=x onerror=alert(1)> & ]]>"],)"
      R"( ["OU", "\u202e\u2066 \u0007\u001b[2J\u0000 \u6771\u4eac"], ["CN", "'\"`<b>bold</b>`"]])";
  static const x509::Certificate ca = forge().certificate("e-ca", "", "", Forge::with(Forge::kCa, kSubject));
  static const x509::Certificate leaf = [] {
    std::string names;
    for (int i = 0; i < 60; ++i) {
      names += fmt::format(R"({}"uri:https://a.example/{}{}")", i == 0 ? "" : ", ", i, std::string(900, 'a'));
    }
    names += R"(, "dns:<script>alert(1)</script>.example", "email:\"'<b>@a.example")";
    return forge().certificate("e-leaf", "", "e-ca",
                               Forge::with(Forge::kServer, fmt::format(R"({}, "names": [{}])", kSubject, names)));
  }();
  Observation seen = meeting();
  tls::Transcript& tls = *seen.tls;
  tls.server_chain.assign(200, leaf);
  tls.server_chain.push_back(ca);
  tls.ca_names.assign(1500, ca.subject());
  tls.signature_algorithms.assign(3000, "0x1234");
  for (int type = 0; type < 256; ++type) pass(seen, tls::ProbeDirection::received, type);
  tls.application_data = "</svg><script>";
  seen.server_name = "a<b>\"'\xe2\x80\xae.example";
  seen.address = "192.0.2.1:443<script>";
  seen.client_chain = {leaf, ca};
  seen.trust = "<script>.pem";
  x509::PathFailure failure;
  failure.code = Code::server_certificate_untrusted_issuer;
  failure.certificate = leaf;
  failure.detail = "<script>\xe2\x80\xae\x1b[2J" + std::string(10'000, '<');
  seen.server_path = std::unexpected(failure);
  seen.client_path = std::unexpected(failure);
  return seen;
}

}  // namespace symbolon::check::testing
