#include "tls/probe_words.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>

namespace symbolon::tls {

std::string_view probe_words(unsigned long error) {
  if (ERR_GET_LIB(error) == ERR_LIB_ASN1) return "what came is damaged: it is no DER (X.690) of a certificate";
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return "";
  switch (ERR_GET_REASON(error)) {
    case SSL_R_UNSUPPORTED_PROTOCOL: return "the server chose a TLS version that was not offered";
    case SSL_R_UNKNOWN_CIPHER_RETURNED:
    case SSL_R_WRONG_CIPHER_RETURNED: return "the server chose a cipher suite that was not offered";
    case SSL_R_WRONG_VERSION_NUMBER: return "a record names a version that is none of TLS";
    case SSL_R_RECORD_TOO_SMALL:
    case SSL_R_LENGTH_TOO_SHORT: return "a record is too short to hold anything";
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_ENCRYPTED_LENGTH_TOO_LONG:
    case SSL_R_DATA_LENGTH_TOO_LONG: return "a record is longer than allowed";
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC: return "a record could not be decrypted";
    case SSL_R_TOO_MANY_WARN_ALERTS: return "the server sends one warning alert after the other";
    case SSL_R_UNEXPECTED_MESSAGE: return "a message came that must not come there";
    case SSL_R_UNEXPECTED_RECORD: return "a record came that must not come there";
    case SSL_R_LENGTH_MISMATCH: return "the lengths in a message disagree";
    case SSL_R_BAD_SIGNATURE: return "the server's signature in the handshake does not verify";
    default: return "";
  }
}

}  // namespace symbolon::tls
