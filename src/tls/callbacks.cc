#include "tls/callbacks.h"

#include <openssl/err.h>

#include <algorithm>
#include <cstring>

#include "tls/alpn.h"
#include "tls/client_hello.h"
#include "tls/connection.h"

namespace symbolon::tls {
namespace {

constexpr std::uint8_t kKeyUpdate = 24;  // RFC 8446 §4.6.3
constexpr std::uint8_t kFinished = 20;

int refuse(Connection& connection, Code code, std::string words) {
  connection.notes->refused_by_us = code;
  connection.notes->words = std::move(words);
  return SSL_CLIENT_HELLO_ERROR;
}

std::vector<x509::Certificate> presented_chain(X509_STORE_CTX* store) {
  std::vector<x509::Certificate> out;
  X509* const leaf = X509_STORE_CTX_get0_cert(store);
  if (leaf != nullptr) out.push_back(x509::Certificate::from_handle(leaf));
  const STACK_OF(X509)* const rest = X509_STORE_CTX_get0_untrusted(store);
  const int count = rest != nullptr ? sk_X509_num(rest) : 0;
  for (int i = 0; i < count; ++i) {
    X509* const one = sk_X509_value(rest, i);
    if (one != leaf) out.push_back(x509::Certificate::from_handle(one));
  }
  return out;
}

// The library keeps what the peer sent for as long as the connection lasts. Where the same certificates are kept
// already, by the path that was judged, it gets those: one copy for all connections of a peer, instead of some KiB for
// each.
void share_certificates(X509_STORE_CTX* store, const std::vector<x509::Certificate>& path) {
  STACK_OF(X509)* const sent = X509_STORE_CTX_get0_untrusted(store);
  const int count = sent != nullptr ? sk_X509_num(sent) : 0;
  for (int i = 0; i < count; ++i) {
    X509* const one = sk_X509_value(sent, i);
    const auto same = [one](const x509::Certificate& known) { return X509_cmp(known.get(), one) == 0; };
    const auto known = std::ranges::find_if(path, same);
    if (known == path.end() || known->get() == one || X509_up_ref(known->get()) != 1) continue;
    if (X509_STORE_CTX_get0_cert(store) == one) X509_STORE_CTX_set_cert(store, known->get());
    sk_X509_set(sent, i, known->get());
    X509_free(one);
  }
}

// Of the route that was chosen: may this connection's session be resumed, and for what is it made.
bool allow_tickets(SSL* ssl, Connection& connection) {
  if (!connection.route->sessions().tickets) return true;  // off, as the context made it
  connection.session_context = connection.route->session_context(connection.server_name);
  const unsigned char* octets = nullptr;
  std::size_t size = 0;
  connection.extended_master_secret =
      SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_extended_master_secret, &octets, &size) == 1;
  SSL_clear_options(ssl, SSL_OP_NO_TICKET);
  static_assert(std::tuple_size_v<crypto::Sha256> == SSL_MAX_SID_CTX_LENGTH);
  return SSL_set_num_tickets(ssl, 1) == 1 &&
         SSL_set_session_id_context(ssl, connection.session_context.data(), SSL_MAX_SID_CTX_LENGTH) == 1;
}

int int_of(X509_STORE_CTX* store, int error) {
  X509_STORE_CTX_set_error(store, error);
  return error == X509_V_OK ? 1 : 0;
}

}  // namespace

int on_client_hello(SSL* ssl, int* alert, void*) {
  Connection& connection = Connection::of(ssl);
  if (!connection.notes) return SSL_CLIENT_HELLO_SUCCESS;
  std::optional<std::string> name;
  const unsigned char* octets = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &octets, &size) == 1) {
    auto parsed = parse_server_name({octets, size});
    if (!parsed) {
      *alert = SSL_AD_DECODE_ERROR;
      return refuse(connection, parsed.error().code, parsed.error().words);
    }
    name = std::move(*parsed);
  }
  if (connection.route) {
    // After a HelloRetryRequest the client repeats its hello; RFC 8446 §4.1.2 lets it change no server name.
    if (name == connection.server_name) return SSL_CLIENT_HELLO_SUCCESS;
    *alert = SSL_AD_ILLEGAL_PARAMETER;
    return refuse(connection, Code::handshake_malformed, "the second ClientHello has another server name");
  }
  connection.server_name = std::move(name);
  const auto& route = connection.routes->find(connection.server_name);
  if (!route) {
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return refuse(connection, Code::unrecognized_name,
                  connection.server_name
                      ? fmt::format("no route serves '{}'", *connection.server_name)
                      : std::string("the client sent no server name, and this address has no default_route"));
  }
  connection.route = route;
  if (SSL_get_SSL_CTX(ssl) != route->get()) {
    if (SSL_set_SSL_CTX(ssl, route->get()) == nullptr) {
      *alert = SSL_AD_INTERNAL_ERROR;
      return refuse(connection, Code::crypto_failed, "the route's certificate cannot be used");
    }
    SSL_set_verify(ssl, SSL_CTX_get_verify_mode(route->get()), nullptr);  // SSL_set_SSL_CTX leaves the mode as it was
  }
  if (!allow_tickets(ssl, connection)) {
    *alert = SSL_AD_INTERNAL_ERROR;
    return refuse(connection, Code::crypto_failed, "the route's session tickets cannot be used");
  }
  return SSL_CLIENT_HELLO_SUCCESS;
}

int on_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
            unsigned int offered_size, void*) {
  Connection& connection = Connection::of(ssl);
  if (!connection.notes || !connection.route) return SSL_TLSEXT_ERR_NOACK;
  const std::string& ours = connection.route->alpn();
  unsigned char* chosen = nullptr;
  const int found = SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(ours.data()),
                                          static_cast<unsigned int>(ours.size()), offered, offered_size);
  if (found == OPENSSL_NPN_NEGOTIATED) {
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
  }
  // RFC 7301 §3.2: "In the event that the server supports no protocols that the client advertises, then the server
  // SHALL respond with a fatal "no_application_protocol" alert."
  refuse(
      connection, Code::no_application_protocol,
      fmt::format("the client offers {}; the route takes {}",
                  text_of_protocols({reinterpret_cast<const char*>(offered), offered_size}), text_of_protocols(ours)));
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// RFC 6066 §8: "servers MAY return a suitable certificate status response to the client along with their certificate."
int on_status_request(SSL* ssl, void*) {
  const Connection& connection = Connection::of(ssl);
  const StapleSlot* const slot = connection.route ? connection.route->staple() : nullptr;
  const auto staple = slot != nullptr ? slot->current() : nullptr;
  if (!staple) return SSL_TLSEXT_ERR_NOACK;
  void* const copy = OPENSSL_memdup(staple->der.data(), staple->der.size());
  if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(staple->der.size()));  // takes it
  return SSL_TLSEXT_ERR_OK;
}

int on_peer_chain(X509_STORE_CTX* store, void*) {
  const auto* const ssl =
      static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  Connection& connection = Connection::of(ssl);
  if (!connection.notes) return int_of(store, X509_V_ERR_UNSPECIFIED);
  HandshakeNotes& notes = *connection.notes;
  notes.presented = presented_chain(store);
  auto verdict = connection.judge().judge(notes.presented);
  if (verdict) {
    connection.admission = std::move(*verdict);
    share_certificates(store, connection.admission->path);
    return int_of(store, X509_V_OK);
  }
  notes.rejection = std::move(verdict).error();
  notes.refused_by_us = notes.rejection->code;
  notes.words = notes.rejection->words;
  const int error = row(notes.rejection->code).x509_error;
  return int_of(store, error == 0 ? X509_V_ERR_UNSPECIFIED : error);
}

void on_message(int sent, int, int type, const void* octets, std::size_t size, SSL* ssl, void*) {
  Connection& connection = Connection::of(ssl);
  const auto* const bytes = static_cast<const std::uint8_t*>(octets);
  HandshakeNotes* const notes = connection.notes.get();
  switch (type) {
    case SSL3_RT_HEADER:
      if (notes != nullptr && sent == 0 && !notes->first_seen && size >= notes->first.size()) {
        std::memcpy(notes->first.data(), bytes, notes->first.size());
        notes->first_seen = true;
      }
      return;
    case SSL3_RT_ALERT:
      if (size < 2) return;
      if (notes != nullptr) {
        (sent != 0 ? notes->alert_sent : notes->alert_received) = bytes[1];
      } else if (sent == 0) {
        connection.alert_received = bytes[1];
      }
      return;
    case SSL3_RT_HANDSHAKE:
      if (sent != 0 || size < 1) return;
      if (bytes[0] == kKeyUpdate) ++connection.key_updates;
      // What comes after CertificateVerify shows that it fitted: the library stops there otherwise.
      if (notes != nullptr && bytes[0] == kFinished && !notes->presented.empty()) notes->certificate_verified = true;
      return;
    default: return;
  }
}

}  // namespace symbolon::tls
