// What servers and clients of TLS 1.2 and 1.3 are made from. ECDHE with AEAD only, the server's preference, no
// renegotiation, no compression, no early data, no post-handshake authentication. Nothing is resumed by session ids or
// external PSKs, and by session tickets only where a server's options have some: then a session that is offered is
// judged as a new handshake is, and declined where that would be refused.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tls/credential.h"
#include "tls/judgement.h"
#include "tls/session_tickets.h"
#include "tls/staple.h"

typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_st SSL;

namespace symbolon::tls {

struct ContextHandle {
  void operator()(SSL_CTX* context) const;
};
using Context = std::unique_ptr<SSL_CTX, ContextHandle>;

enum class ClientVerification : std::uint8_t {
  require,        // no certificate: refused
  optional,       // no certificate: anonymous; an invalid one: refused
  insecure_none,  // none is asked for
};

// Which sessions are resumed.
struct SessionOptions {
  std::shared_ptr<SessionTickets> tickets;  // of the trust domain; null: none is resumed, and no ticket is given out
  Seconds lifetime{3600};                   // of a ticket, from the full handshake on
  std::string listener;                     // where the route listens: a session of one address is none of another
};

struct ServerOptions {
  std::string name;                              // of the route, for records
  std::shared_ptr<const Credential> credential;  // not null
  ClientVerification verify = ClientVerification::require;
  JudgeOptions clients;  // unused with insecure_none
  // Application protocols by preference (RFC 7301), 1 to 255 octets each; empty: the client's offer is ignored. A
  // client that offers some, but none of these, is refused with no_application_protocol.
  std::vector<std::string> alpn = {};
  // Of the credential's leaf; sent to clients that ask for it (RFC 6066 §8), while there is one that holds. Null: none
  // ever is.
  std::shared_ptr<const StapleSlot> staple = nullptr;
  SessionOptions sessions = {};
};

// One route's server side. Immutable, thread-safe, shared by connections.
class ServerContext {
 public:
  // The CertificateRequest names the bundle's subjects. Fails with key_mismatch, crypto_failed or ca_names_too_long
  // (x509/trust_bundle.h).
  static Result<std::shared_ptr<const ServerContext>> make(ServerOptions options);
  const std::string& name() const { return name_; }
  ClientVerification verify() const { return verify_; }
  const Judge& judge() const { return judge_; }
  const std::string& alpn() const { return alpn_; }  // as encode_protocols writes it
  const StapleSlot* staple() const { return staple_.get(); }
  const SessionOptions& sessions() const { return sessions_; }
  // Of a session: listener, route, trust, whether a certificate is asked for, and this server name. What is made for
  // one is not taken for another.
  crypto::Sha256 session_context(const std::optional<std::string>& server_name) const;
  // The verdict on a peer that was admitted before (null: an anonymous one), as a handshake would have it now. Judged
  // is the path by which it was admitted; who could be admitted by another one connects again. Dates are held against
  // `at`, by default now.
  Verdict judge_again(const std::shared_ptr<const Admission>& admitted, std::optional<UnixSeconds> at = {}) const;
  SSL_CTX* get() const { return context_.get(); }

 private:
  ServerContext(Context context, ServerOptions options);
  Context context_;
  std::string name_;
  ClientVerification verify_;
  Judge judge_;
  std::string alpn_;
  std::shared_ptr<const StapleSlot> staple_;
  SessionOptions sessions_;
};

// Which route serves which server name on one listening socket. Immutable, thread-safe.
class ServerRoutes {
 public:
  struct Entry {
    std::vector<std::string> names;  // lower case; "*.example.com" stands for one label
    std::shared_ptr<const ServerContext> context;
  };
  // `default_route` serves clients that send no server name, or (null) they are refused with unrecognized_name, as
  // everybody is who names what no entry lists. An entry without names serves every name that no other entry lists.
  static Result<std::shared_ptr<const ServerRoutes>> make(std::vector<Entry> entries,
                                                          std::shared_ptr<const ServerContext> default_route);
  // One route for all names and for none.
  static Result<std::shared_ptr<const ServerRoutes>> single(std::shared_ptr<const ServerContext> context);

  // Null: unrecognized_name.
  const std::shared_ptr<const ServerContext>& find(const std::optional<std::string>& server_name) const;
  const ServerContext& any() const { return *first_; }

 private:
  ServerRoutes() = default;
  std::map<std::string, std::shared_ptr<const ServerContext>, std::less<>> exact_;
  std::map<std::string, std::shared_ptr<const ServerContext>, std::less<>> wildcard_;  // without "*"
  std::shared_ptr<const ServerContext> rest_;
  std::shared_ptr<const ServerContext> default_;
  std::shared_ptr<const ServerContext> first_;
};

struct ClientOptions {
  std::shared_ptr<const Credential> credential;  // null: none is presented
  JudgeOptions servers;                          // expected_names empty: the name that is dialled
};

// Immutable, thread-safe.
class ClientContext {
 public:
  // Fails with key_mismatch or crypto_failed.
  static Result<std::shared_ptr<const ClientContext>> make(ClientOptions options);
  const Judge& judge() const { return judge_; }
  // Whoever is dialled by this name (or address) must hold it, unless the options name others. Fails with bad_request.
  Result<Judge> judge_of(const std::string& server_name) const;
  // The verdict on a server that was admitted before, as a handshake would have it now.
  Verdict judge_again(const std::shared_ptr<const Admission>& admitted, const std::string& server_name,
                      std::optional<UnixSeconds> at = {}) const;
  SSL_CTX* get() const { return context_.get(); }

 private:
  ClientContext(Context context, Judge judge) : context_(std::move(context)), judge_(std::move(judge)) {}
  Context context_;
  Judge judge_;
};

}  // namespace symbolon::tls
