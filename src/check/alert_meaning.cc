#include "check/alert_meaning.h"

#include <fmt/format.h>

#include "base/codes.h"

namespace symbolon::check {

std::string_view alert_meaning(int alert) {
  switch (alert) {
    case 0: return "the server ends the connection in order";
    case 10: return "the server did not expect this message now";
    case 20: return "a record could not be decrypted: something on the way changed it";
    case 22: return "a record was longer than allowed";
    case 40: return "the server found nothing acceptable in what was offered, or wants a certificate and got none";
    case 42: return "the server finds the client's certificate damaged, or does not say what is wrong with it";
    case 43: return "the server does not take this kind of certificate (its extended key usage, or its type of key)";
    case 44: return "the server knows that the client's certificate was revoked";
    case 45: return "the server finds the client's certificate, a CA of its chain or its own revocation list expired";
    case 46: return "the server does not accept the client's certificate for a reason that it does not name";
    case 47: return "the server finds a value in the handshake wrong";
    case 48: return "the server does not know the CA that issued the client's certificate, or cannot reach it";
    case 49: return "the server's access rules refuse the certificate (GnuTLS says so of every one it does not accept)";
    case 50: return "the server could not read a message";
    case 51: return "a signature of the handshake, or of the client's chain, does not verify at the server";
    case 70: return "the server speaks no TLS version that was offered";
    case 71: return "the server demands stronger algorithms than were offered";
    case 80: return "the server failed for a reason of its own";
    case 86: return "the server thinks that a newer TLS version was possible";
    case 90: return "the server gave the handshake up";
    case 109: return "the server misses an extension";
    case 110: return "the server got an extension that it did not ask for";
    case 112: return "the server has no site of this name";
    case 113: return "the server finds the OCSP response bad";
    case 115: return "the server does not know this pre-shared key";
    case 116: return "the server wants a client certificate and none was sent";
    case 120: return "the server speaks none of the application protocols that were offered";
    default: return "the server sent an alert that RFC 8446 does not name";
  }
}

std::string alert_text(int alert) { return fmt::format("{} ({})", alert_name(alert), alert); }

}  // namespace symbolon::check
