#include "prove/cases.h"

#include <algorithm>

namespace symbolon::prove {
namespace {

constexpr std::string_view kVerify = "demand and verify client certificates on every listener and name of the endpoint";
constexpr std::string_view kSessions =
    "switch resumption off (session cache and tickets), or use what judges a resumed session as a new one";

constexpr Case kCases[] = {
    {"no_certificate", "comes without a certificate", "refuses", "RFC 8446 §4.4.2.4", kVerify,
     refusals::no_certificate},
    {"foreign_ca", "shows a certificate of another CA that has the name of the right one", "refuses",
     "RFC 5280 §6.1.3 (a)(1)", "verify signatures up to the trusted CA: a name proves nothing", refusals::foreign_ca},
    {"self_signed", "shows a self-signed copy of the good certificate: subject, names, serial", "refuses",
     "RFC 5280 §6.1", "do not trust what is merely presented: `optional_no_ca` and the like verify nothing",
     refusals::self_signed},
    {"expired", "shows a certificate that ended yesterday", "refuses", "RFC 5280 §6.1.3 (a)(2)",
     "do not ignore X509_V_ERR_CERT_HAS_EXPIRED in a callback; look at the clock", refusals::expired},
    {"not_yet_valid", "shows a certificate that begins in ten years", "refuses", "RFC 5280 §6.1.3 (a)(2)",
     "do not ignore X509_V_ERR_CERT_NOT_YET_VALID in a callback; look at the clock", refusals::not_yet_valid},
    {"wrong_eku", "shows a certificate for servers only", "refuses", "RFC 5280 §4.2.1.12",
     "verify with the purpose of a TLS client: else each server's certificate is a client's", refusals::wrong_eku},
    {"ca_as_leaf", "shows the certificate of a CA, which may not sign handshakes", "refuses", "RFC 5280 §4.2.1.3",
     "look at the keyUsage of the client's certificate", refusals::ca_as_leaf},
    {"path_length", "shows a certificate of a CA below one that may have none below it", "refuses", "RFC 5280 §4.2.1.9",
     "verify the path by RFC 5280, not signatures alone", refusals::path_length},
    {"name_constraints", "shows a name that its CA may not certify", "refuses", "RFC 5280 §4.2.1.10",
     "verify the path by RFC 5280, not signatures alone", refusals::name_constraints},
    {"no_sni", "comes without a server name and without a right certificate", "refuses", "RFC 6066 §3",
     "let the default server of the port demand certificates, too", refusals::no_sni},
    {"tls12_fallback", "offers TLS 1.2 only, without a right certificate", "refuses", "RFC 5246 §7.4.6", kVerify,
     refusals::tls12_fallback},
    {"tls10_tls11", "offers TLS 1.0 and 1.1 only", "refuses", "RFC 8996 §4 and §5", "allow TLS 1.2 and 1.3 only",
     protocol::old_versions},
    {"secure_renegotiation", "looks whether TLS 1.2 signals secure renegotiation", "signals it", "RFC 5746 §3.6",
     "use a TLS library that knows renegotiation_info", protocol::secure_renegotiation},
    {"client_renegotiation", "asks to renegotiate, in TLS 1.2", "does not renegotiate", "RFC 9325 §3.5",
     "switch off renegotiation that clients ask for", protocol::client_renegotiation},
    {"post_handshake_auth_h2", "offers post-handshake authentication and speaks HTTP/2",
     "asks for no certificate after the handshake", "RFC 9113 §9.2.3",
     "demand certificates in the handshake, for the whole name and not for a path", protocol::post_handshake_auth},
    {"resume_other_sni", "brings a session back under another server name, without a certificate",
     "does not take it up, unless the name makes no difference", "RFC 6066 §3",
     "keep the sessions of each name apart: CVE-2025-23419 is what follows else", sessions::other_sni},
    {"other_sni", "names another server in SNI and the right one in Host, without a certificate",
     "refuses, answers 421, or answers what is not protected", "RFC 9110 §7.4",
     "answer 421 where Host is not the name of the handshake", in_http::other_sni},
    {"other_host", "names the right server in SNI and another one in Host", "answers 421, or as if Host were right",
     "RFC 9110 §7.4", "answer 421 where Host is not the name of the handshake", in_http::other_host},
    {"forged_headers", "sends headers that name another client, with underscores and twice, too",
     "lets none of them through", "RFC 9440 §4",
     "delete the headers that the service believes, in every spelling, before setting them", in_http::forged_headers},
    {"resume_expired_tls12_ticket", "brings a ticket of TLS 1.2 back when its certificate has ended", "refuses",
     "RFC 5246 §F.1.4", kSessions, sessions::expired_ticket_12},
    {"resume_expired_tls12_id", "brings a session id of TLS 1.2 back when its certificate has ended", "refuses",
     "RFC 5246 §F.1.4", kSessions, sessions::expired_id_12},
    {"resume_expired_tls13", "brings a ticket of TLS 1.3 back when its certificate has ended", "refuses",
     "RFC 8446 §4.6.1", kSessions, sessions::expired_ticket_13},
    {"ticket_chaining", "resumes what was resumed, and comes back when certificate and first ticket have ended",
     "refuses", "RFC 8446 §4.6.1", kSessions, sessions::chaining},
    {"revoked", "shows a certificate that is revoked", "refuses", "RFC 5280 §6.3",
     "give the endpoint the CRLs of its clients' CAs, and have it read them again", refusals::revoked},
    {"resume_revoked_tls12_ticket", "brings a ticket of TLS 1.2 back when its certificate was revoked", "refuses",
     "RFC 5246 §F.1.4", kSessions, sessions::revoked_ticket_12},
    {"resume_revoked_tls12_id", "brings a session id of TLS 1.2 back when its certificate was revoked", "refuses",
     "RFC 5246 §F.1.4", kSessions, sessions::revoked_id_12},
    {"resume_revoked_tls13", "brings a ticket of TLS 1.3 back when its certificate was revoked", "refuses",
     "RFC 8446 §4.6.1", kSessions, sessions::revoked_ticket_13},
    {"refusal_alerts", "looks how those were refused", "says why: an alert, or an answer in HTTP", "RFC 8446 §6.2",
     "close after the alert has arrived: a reset throws it away", refusals::refusal_alerts},
};

}  // namespace

std::span<const Case> all_cases() { return kCases; }

const Case* find_case(std::string_view id) {
  const auto* const found = std::ranges::find(kCases, id, &Case::id);
  return found == std::end(kCases) ? nullptr : found;
}

}  // namespace symbolon::prove
