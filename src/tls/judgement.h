// The judgement of a peer's chain: path, revocation, access rules. It runs inside the handshake.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "x509/identity.h"
#include "x509/path_verification.h"
#include "x509/trust_bundle.h"

namespace symbolon::policy {
class AccessPolicy;
}

namespace symbolon::tls {

// Evidence that a chain was judged good. Immutable, shared by the connections of one certificate.
struct Admission {
  x509::Identity identity;
  std::vector<x509::Certificate> path;  // leaf first, anchor last
  std::string rule;                     // the access rule that admitted it, with its place
  UnixSeconds not_after;                // when the first certificate of the path ends
  std::vector<x509::Finding> warnings;
  std::uint64_t generation = 0;  // of what was known to be revoked, before that was asked
};

struct Rejection {
  Code code = Code::internal;
  std::string words;                             // what is the case, with the numbers
  std::size_t index = 0;                         // certificate of the path that is to blame, 0: leaf
  std::optional<x509::Certificate> certificate;  // that one
  std::string rule;                              // the rule that decided: of the access rules, or of path verification
  std::optional<UnixSeconds> limit;              // the notAfter or notBefore that was crossed, the moment of revocation
  std::optional<x509::Identity> identity;        // not_allowed_by_policy: who it is
};

using Verdict = std::expected<std::shared_ptr<const Admission>, Rejection>;

struct JudgeOptions {
  PeerRole role = PeerRole::client;
  std::shared_ptr<const x509::TrustBundle> trust;  // not null
  int depth = 3;                                   // intermediates at most
  x509::PathCheck path_check = x509::PathCheck::rfc5280;
  std::shared_ptr<const x509::RevocationChecker> revocation;  // null: no revocation is known
  std::shared_ptr<const policy::AccessPolicy> access;         // null only for servers: whoever has the expected name
  std::vector<x509::GeneralName> expected_names;              // servers: one must be in the certificate
  x509::PathCache* cache = nullptr;                           // remembers verified chains; must outlive the judge
  const Clock* clock = nullptr;                               // not null
};

// Immutable and thread-safe.
class Judge {
 public:
  explicit Judge(JudgeOptions options) : options_(std::move(options)) {}
  // `presented` is the peer's chain as sent, leaf first, not empty. Dates are held against `at`, by default now.
  Verdict judge(const std::vector<x509::Certificate>& presented, std::optional<UnixSeconds> at = {}) const;
  const JudgeOptions& options() const { return options_; }

 private:
  JudgeOptions options_;
};

}  // namespace symbolon::tls
