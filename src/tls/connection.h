// One TLS connection as the library's callbacks see it. Private to this folder.
#pragma once

#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/handles.h"
#include "net/socket.h"
#include "tls/context.h"
#include "tls/handshake.h"
#include "tls/resumption.h"
#include "tls/stream.h"

namespace symbolon::tls {

using SslHandle = crypto::Handle<SSL, SSL_free>;

// What is noted while the handshake runs, and forgotten when it has succeeded.
struct HandshakeNotes {
  std::vector<x509::Certificate> presented;
  std::optional<Rejection> rejection;
  std::optional<Code> refused_by_us;  // set where a callback of ours refused
  std::string words;                  // and its reason
  std::optional<int> alert_sent;
  std::optional<int> alert_received;
  std::array<std::uint8_t, 5> first{};  // the first octets that came: a record's header, or something else
  bool first_seen = false;
  bool certificate_verified = false;  // CertificateVerify fitted
  // The session that was judged good; the library may go on to a full handshake all the same.
  std::optional<JudgedSession> judged_session;
  std::string_view declined_session;  // why the last one that was offered is not resumed (resumption.h)
};

// Consecutive KeyUpdates without application data between them that are borne; BoringSSL's bound.
inline constexpr unsigned kMostKeyUpdates = 32;

struct Connection {
  explicit Connection(net::Socket connected) : socket(std::move(connected)) {}
  net::Socket socket;
  SslHandle ssl;
  std::shared_ptr<const ServerRoutes> routes;   // server
  std::shared_ptr<const ServerContext> route;   // server: chosen by the ClientHello
  std::shared_ptr<const ClientContext> client;  // client
  std::unique_ptr<const Judge> own_judge;       // client: with the name that was dialled
  std::optional<std::string> server_name;
  crypto::Sha256 session_context{};     // server: what the session is made for, where the route has tickets
  bool extended_master_secret = false;  // server: the client offers it, where the route has tickets
  std::shared_ptr<const Admission> admission;
  bool resumed = false;
  std::unique_ptr<HandshakeNotes> notes;
  unsigned key_updates = 0;  // since the last application data
  int alert_received = -1;   // after the handshake
  bool established = false;

  const Judge& judge() const { return route ? route->judge() : *own_judge; }
  static Connection& of(const SSL* ssl);
};

// Makes the callbacks of context.cc's contexts work for this connection. Fails with crypto_failed.
Status attach(Connection& connection, SSL_CTX* context);

// After the handshake: whoever resumed a session is who its judgement admitted, and nobody else. False: the session
// that was resumed is not the one that was judged; nobody is admitted then.
bool take_resumed_session(Connection& connection);

// What both sides agreed on so far; empty where they did not yet, or the library does not say.
struct Negotiated {
  std::string_view version;
  std::string_view cipher;
  std::string_view group;
};
Negotiated negotiated(SSL* ssl);

// Why SSL_do_handshake failed; drains the error queue. `ssl_error` is SSL_get_error's, `system_error` errno after it.
Refusal explain_failure(Connection& connection, int ssl_error, int system_error);

}  // namespace symbolon::tls
