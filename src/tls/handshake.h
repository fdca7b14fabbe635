// What a handshake ends with: a peer, or a refusal that says why.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tls/judgement.h"

namespace symbolon::tls {

class ServerContext;

// After a finished handshake. The peer's possession of its key is proven.
struct Peer {
  std::shared_ptr<const Admission> admission;  // null: anonymous (no certificate was asked for or presented)
  std::shared_ptr<const ServerContext> route;  // null on the client's side
  std::optional<std::string> server_name;      // SNI
  std::string alpn;                            // the application protocol (RFC 7301), empty: none was negotiated
  std::string_view version;                    // "TLSv1.3"
  std::string_view cipher;                     // "TLS_AES_128_GCM_SHA256"
  std::string_view group;                      // "x25519", empty where the library does not say
  bool resumed = false;                        // a session of before, which was judged anew
  std::string_view declined_session;           // why the session that the peer offered was not resumed; lasts
};

enum class Possession : std::uint8_t { unproven, proven };

// Why there is no connection.
struct Refusal {
  Code code = Code::handshake_failed;
  std::string words;
  std::string route;  // name, empty where none was chosen
  std::optional<std::string> server_name;
  std::string_view version;                      // as in Peer; empty: it never came to one
  std::string_view group;                        // as in Peer
  Possession possession = Possession::unproven;  // of the certificates below
  std::vector<x509::Certificate> presented;      // as far as they could be read
  std::optional<Rejection> rejection;            // where the judgement refused
  std::optional<int> alert_sent;                 // RFC 8446 §6.2
  std::optional<int> alert_received;
  std::string_view declined_session;  // as in Peer

  Error error() const { return {code, words}; }
};

template <typename T>
using Handshake = std::expected<T, Refusal>;

}  // namespace symbolon::tls
