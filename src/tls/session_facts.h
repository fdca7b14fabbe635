// What a session ticket of ours holds beside the library's own session (its application data): what a resumption is
// judged by. Written at full handshakes only; the ticket of a resumed session carries it on, octet by octet, so that
// resuming makes nothing younger than it is.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/digest.h"
#include "x509/certificate.h"
#include "x509/serial_number.h"

namespace symbolon::tls {

struct SessionFacts {
  static constexpr std::size_t kMostLinks = 16;  // certificates; paths have fewer (x509::PathLimits)

  // A certificate of the path: who issued it, and its serial.
  struct Link {
    crypto::Sha256 issuer{};  // revocation::IssuerKey's octets; of a certificate that is pinned: its issuer's name
    x509::SerialNumber serial;
    bool operator==(const Link&) const = default;
  };

  UnixSeconds full_handshake;   // when it was
  crypto::Sha256 context{};     // what it was made for: listener, route, trust and server name (ServerContext)
  std::vector<Link> path = {};  // below the anchor, leaf first; empty: the client was anonymous
  UnixSeconds not_after = {};   // when the first certificate of the whole path ends; with `path` only
  bool operator==(const SessionFacts&) const = default;
};

// Of the path, leaf first and anchor last, by which somebody was admitted.
std::vector<SessionFacts::Link> links_of(const std::vector<x509::Certificate>& path);

// At most some 900 octets. `facts` has kMostLinks links at most.
Bytes encode_session_facts(const SessionFacts& facts);
// Total; there is one form only. Fails with handshake_malformed.
Result<SessionFacts> parse_session_facts(ByteView octets);

}  // namespace symbolon::tls
