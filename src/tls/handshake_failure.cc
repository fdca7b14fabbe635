// Why a handshake failed: from what our callbacks noted, the library's error queue, and the first octets that came.
#include <openssl/err.h>
#include <openssl/sslerr.h>

#include <algorithm>
#include <string_view>

#include "crypto/openssl_error.h"
#include "tls/connection.h"

namespace symbolon::tls {
namespace {

constexpr std::uint8_t kHandshakeRecord = 22;

bool looks_like_tls(const HandshakeNotes& notes) { return notes.first[0] == kHandshakeRecord && notes.first[1] == 3; }

// The start of an HTTP/1 request line or the preface of HTTP/2, as far as five octets show it.
bool looks_like_http(const HandshakeNotes& notes) {
  constexpr std::string_view kStarts[] = {"GET /", "POST ", "HEAD ", "PUT /", "DELET", "OPTIO",
                                          "CONNE", "PATCH", "TRACE", "PRI *", "GET h", "PROPF"};
  const std::string_view first(reinterpret_cast<const char*>(notes.first.data()), notes.first.size());
  return std::ranges::find(kStarts, first) != std::end(kStarts);
}

// What the library says at `reason`, where the reason alone decides.
std::optional<Code> code_of_reason(int reason) {
  switch (reason) {
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST: return Code::plain_http;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
    case SSL_R_UNKNOWN_PROTOCOL:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_INAPPROPRIATE_FALLBACK:
    case SSL_R_UNKNOWN_SSL_VERSION:
    case SSL_R_WRONG_SSL_VERSION: return Code::protocol_version;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_CIPHERS_AVAILABLE:
    case SSL_R_NO_CIPHERS_SPECIFIED: return Code::no_shared_cipher;
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SUITABLE_GROUPS:
    case SSL_R_NO_SUITABLE_KEY_SHARE: return Code::no_shared_group;
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS: return Code::no_shared_signature_algorithm;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return Code::client_certificate_missing;
    case SSL_R_UNEXPECTED_EOF_WHILE_READING: return Code::handshake_closed;
    default: return std::nullopt;
  }
}

// Alerts by which the library says that it could not make sense of what came.
bool means_malformed(int alert) {
  constexpr int kMalformed[] = {SSL_AD_UNEXPECTED_MESSAGE, SSL_AD_BAD_RECORD_MAC,        SSL_AD_RECORD_OVERFLOW,
                                SSL_AD_ILLEGAL_PARAMETER,  SSL_AD_DECODE_ERROR,          SSL_AD_DECRYPT_ERROR,
                                SSL_AD_MISSING_EXTENSION,  SSL_AD_DECOMPRESSION_FAILURE, SSL_AD_UNSUPPORTED_EXTENSION};
  return std::ranges::find(kMalformed, alert) != std::end(kMalformed);
}

// A peer that shares no version is told apart from one that does not speak TLS at all.
Code code_of_first_octets(const HandshakeNotes& notes) {
  if (looks_like_http(notes)) return Code::plain_http;
  return looks_like_tls(notes) ? Code::handshake_malformed : Code::not_tls;
}

Code code_of_queue(const Connection& connection, const HandshakeNotes& notes, unsigned long first) {
  const int reason = ERR_GET_REASON(first);
  const OSSL_HANDSHAKE_STATE state = SSL_get_state(connection.ssl.get());
  if (ERR_GET_LIB(first) == ERR_LIB_SSL) {
    if (reason >= SSL_AD_REASON_OFFSET) return Code::alert_received;
    if (const auto code = code_of_reason(reason)) {
      const bool first_record_is_foreign = notes.first_seen && !looks_like_tls(notes);
      return *code == Code::protocol_version && first_record_is_foreign ? code_of_first_octets(notes) : *code;
    }
    if (reason == SSL_R_BAD_SIGNATURE && !notes.presented.empty()) return Code::possession_unproven;
    if (notes.first_seen && !looks_like_tls(notes)) return code_of_first_octets(notes);
  }
  const bool reads_certificate = state == TLS_ST_SR_CERT || state == TLS_ST_CR_CERT;
  if (reads_certificate && notes.presented.empty()) {
    const bool excessive = ERR_GET_LIB(first) == ERR_LIB_SSL && reason == SSL_R_EXCESSIVE_MESSAGE_SIZE;
    return certificate_code(connection.route ? PeerRole::client : PeerRole::server,
                            excessive ? CertificateProblem::path_too_complex : CertificateProblem::malformed);
  }
  if (state == TLS_ST_SR_CERT_VRFY || state == TLS_ST_CR_CERT_VRFY) return Code::possession_unproven;
  if (notes.alert_sent && means_malformed(*notes.alert_sent)) return Code::handshake_malformed;
  return Code::handshake_failed;
}

}  // namespace

Refusal explain_failure(Connection& connection, int ssl_error, int system_error) {
  HandshakeNotes& notes = *connection.notes;
  const unsigned long first = ERR_peek_error();
  Refusal out;
  if (notes.refused_by_us) {
    out.code = *notes.refused_by_us;
  } else if (notes.alert_received) {
    out.code = Code::alert_received;
  } else if (first != 0) {
    out.code = code_of_queue(connection, notes, first);
  } else if (ssl_error == SSL_ERROR_SYSCALL && (system_error == ECONNRESET || system_error == EPIPE)) {
    out.code = Code::handshake_reset;
  } else if (ssl_error == SSL_ERROR_SYSCALL || ssl_error == SSL_ERROR_ZERO_RETURN) {
    out.code = Code::handshake_closed;
  }
  const std::string reasons = crypto::drain_openssl_errors();
  out.words = notes.words.empty() ? reasons : notes.words;
  if (out.code == Code::alert_received && notes.alert_received)
    out.words =
        fmt::format("the peer sent the alert {} ({})", alert_name(*notes.alert_received), *notes.alert_received);
  out.route = connection.route ? connection.route->name() : "";
  out.server_name = connection.server_name;
  const Negotiated agreed = negotiated(connection.ssl.get());
  out.version = agreed.version;
  out.group = agreed.group;
  out.possession = notes.certificate_verified ? Possession::proven : Possession::unproven;
  out.presented = std::move(notes.presented);
  out.rejection = std::move(notes.rejection);
  out.alert_sent = notes.alert_sent;
  out.alert_received = notes.alert_received;
  out.declined_session = notes.declined_session;
  return out;
}

}  // namespace symbolon::tls
