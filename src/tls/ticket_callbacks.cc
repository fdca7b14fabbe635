// What the library calls when a session ticket is made or offered.
//
// Measured on OpenSSL 3.0: on a TLS 1.3 resumption the verify callback does not run, and only the leaf is there; the
// callbacks come from the context that the connection began with, whatever the ClientHello chose; each chained ticket
// restarts the session's clock, but its application data is carried on.
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include <algorithm>
#include <cstring>

#include "tls/callbacks.h"
#include "tls/connection.h"
#include "tls/session_tickets.h"

namespace symbolon::tls {
namespace {

using CipherHandle = crypto::Handle<EVP_CIPHER, EVP_CIPHER_free>;

// Fetching it for each ticket would cost more than using it. Null: the library has none.
const EVP_CIPHER* ticket_cipher() {
  static const CipherHandle kCipher(EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr));
  return kCipher.get();
}

bool prepare_mac(EVP_MAC_CTX* mac, const TicketKey& key) {
  auto* const octets = const_cast<std::uint8_t*>(key.authentication.data());  // NOLINT: OSSL_PARAM has no const
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, octets, key.authentication.size()),
                               OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                               OSSL_PARAM_construct_end()};
  return EVP_MAC_CTX_set_params(mac, params) == 1;
}

SessionTickets* tickets_of(const Connection& connection) {
  return connection.route ? connection.route->sessions().tickets.get() : nullptr;
}

// RFC 7627 §5.3, §5.4: without an extended master secret a session is bound to no handshake of its own, and is not
// resumed.
bool lacks_extended_master_secret(const Connection& connection) {
  return SSL_version(connection.ssl.get()) < TLS1_3_VERSION && !connection.extended_master_secret;
}

ByteView appdata_of(SSL_SESSION* session) {
  void* octets = nullptr;
  std::size_t size = 0;
  if (session == nullptr || SSL_SESSION_get0_ticket_appdata(session, &octets, &size) != 1) return {};
  return {static_cast<const std::uint8_t*>(octets), size};
}

SSL_TICKET_RETURN decline(HandshakeNotes& notes, std::string_view reason) {
  notes.declined_session = reason;
  return SSL_TICKET_RETURN_IGNORE_RENEW;  // the full handshake, and a new ticket after it
}

}  // namespace

int on_ticket_key(SSL* ssl, unsigned char* key_name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                  int seals) {
  const Connection& connection = Connection::of(ssl);
  SessionTickets* const tickets = tickets_of(connection);
  if (tickets == nullptr || ticket_cipher() == nullptr) return 0;
  const auto prepare = [&](const TicketKey& key) {
    return EVP_CipherInit_ex(cipher, ticket_cipher(), nullptr, key.encryption.data(), iv, seals) == 1 &&
           prepare_mac(mac, key);
  };
  if (seals == 0) {
    const bool opened = tickets->keys().open({key_name, sizeof(TicketKey::name)}, prepare);
    return opened ? 1 : 0;
  }
  if (lacks_extended_master_secret(connection)) return 0;  // RFC 5077 §3.3: a ticket of no octets is none
  crypto::fill_random({iv, static_cast<std::size_t>(EVP_CIPHER_get_iv_length(ticket_cipher()))});
  const bool ready = tickets->keys().seal([&](const TicketKey& key) {
    std::memcpy(key_name, key.name.data(), key.name.size());
    return prepare(key);
  });
  return ready ? 1 : -1;
}

int on_new_ticket(SSL* ssl, void*) {
  const Connection& connection = Connection::of(ssl);
  SessionTickets* const tickets = tickets_of(connection);
  if (tickets == nullptr || !connection.notes) return 1;
  const UnixSeconds now = tickets->clock().now();
  SSL_SESSION* const session = SSL_get_session(ssl);
  SessionFacts facts;
  if (SSL_session_reused(ssl) != 0) {
    if (!connection.notes->judged_session) return 0;
    facts = connection.notes->judged_session->facts;  // the session carries them on
  } else {
    facts.full_handshake = now;
    facts.context = connection.session_context;
    if (connection.admission) {
      facts.path = links_of(connection.admission->path);
      facts.not_after = connection.admission->not_after;
      tickets->remember_cas(connection.admission->path);
    }
    const Bytes octets = encode_session_facts(facts);
    if (SSL_SESSION_set1_ticket_appdata(session, octets.data(), octets.size()) != 1) return 0;
  }
  const Seconds life = remaining_life(facts, connection.route->sessions().lifetime, now);
  SSL_SESSION_set_timeout(session, static_cast<long>(std::max<std::int64_t>(1, life.count)));
  return 1;
}

SSL_TICKET_RETURN on_ticket(SSL* ssl, SSL_SESSION* session, const unsigned char*, std::size_t, SSL_TICKET_STATUS status,
                            void*) {
  Connection& connection = Connection::of(ssl);
  if (!connection.notes || tickets_of(connection) == nullptr) return SSL_TICKET_RETURN_IGNORE;
  HandshakeNotes& notes = *connection.notes;
  notes.judged_session.reset();
  if (status == SSL_TICKET_EMPTY) return SSL_TICKET_RETURN_IGNORE_RENEW;
  if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW) return decline(notes, kTicketUnknown);
  if (lacks_extended_master_secret(connection)) return decline(notes, kNoExtendedMasterSecret);
  if (SSL_SESSION_get_protocol_version(session) != SSL_version(ssl)) return decline(notes, kTicketOfAnotherContext);
  OfferedSession offered{.appdata = appdata_of(session), .leaf = std::nullopt, .context = connection.session_context};
  if (X509* const leaf = SSL_SESSION_get0_peer(session)) offered.leaf = x509::Certificate::from_handle(leaf);
  auto judged = judge_session(*connection.route, offered);
  if (!judged) return decline(notes, judged.error());
  notes.judged_session = std::move(*judged);
  notes.declined_session = {};
  // RFC 8446 §C.4: a TLS 1.3 client uses a ticket once, so it gets the next one.
  return SSL_version(ssl) < TLS1_3_VERSION ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

bool take_resumed_session(Connection& connection) {
  SSL* const ssl = connection.ssl.get();
  if (SSL_session_reused(ssl) == 0) return true;
  connection.admission.reset();
  const auto& judged = connection.notes->judged_session;
  if (!judged || !std::ranges::equal(appdata_of(SSL_get_session(ssl)), encode_session_facts(judged->facts)))
    return false;
  connection.admission = judged->admission;
  connection.resumed = true;
  return true;
}

}  // namespace symbolon::tls
