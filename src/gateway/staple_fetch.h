// Asks the OCSP responders that a certificate names for what is stapled to it. Private to this folder.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "base/clock.h"
#include "net/socket.h"
#include "revocation/ocsp_reader.h"
#include "tls/credential.h"
#include "tls/staple.h"

namespace symbolon::gateway {

// RFC 6066 §8: OpenSSL's clients of TLS 1.2 take a CertificateStatus of 2^14 octets, of which four say type and length.
inline constexpr std::size_t kMostStapleOctets = 16380;

// What a responder says, judged.
struct StapleAnswer {
  UnixSeconds this_update;
  std::shared_ptr<const tls::Staple> staple;  // null: the answer is not `good`, which is the responder's word and final
  std::string why;                            // where there is none
};

// Who issued the leaf: looked for behind it, then among the anchors at hand. None: not there.
std::optional<x509::Certificate> issuer_of(const tls::Credential& credential,
                                           std::span<const x509::Certificate> anchors);

// Plain HTTP, POST, without a nonce and with SHA-1 in the CertID, which every responder knows (RFC 5019 §2.1.1);
// redirects are not followed. The URLs of the certificate are tried in their order, each with its share of the time,
// until one gives an answer that stands up to read_ocsp and whose thisUpdate is not before `newest`, that of the newest
// answer so far: who repeats the `good` of before a revocation is not heard. Fails as the last URL did: as
// parse_http_url, net::dial, http::Client and read_ocsp, or with ocsp_refused (an HTTP status other than 200),
// ocsp_stale (before `newest`), too_large (more than kMostStapleOctets) or staple_missing (no URL). `clock` must
// outlive it.
net::Task<Result<StapleAnswer>> fetch_staple(revocation::OcspSubject subject, const Clock& clock, UnixSeconds newest,
                                             net::Deadline deadline);

}  // namespace symbolon::gateway
