// For tests of path verification: a small PKI made by forge.py, and verdicts as one text.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "x509/path_verification.h"
#include "x509/testing/forge.h"

namespace symbolon::x509::testing::path {

inline TrustBundle trust_in(std::vector<Certificate> anchors, UnixSeconds now = kNow) {
  auto bundle = TrustBundle::make(std::move(anchors), now, "test");
  if (!bundle) ADD_FAILURE() << bundle.error().text();
  return *std::move(bundle);
}

inline PathOptions at_now() { return {.at = kNow}; }

// The code and the place, as one text: "client_certificate_expired 0"; "valid" when there is no fault.
inline std::string verdict(const std::vector<Certificate>& presented, const TrustBundle& trust,
                           const PathOptions& options = at_now()) {
  const auto result = verify_path(presented, trust, options);
  if (result) return "valid";
  EXPECT_EQ(result.error().code, certificate_code(options.role, result.error().problem));
  EXPECT_FALSE(result.error().rule.empty());
  return fmt::format("{} {}", name(result.error().code), result.error().index);
}

// Root, issuing CA, and leaves under it; made once.
struct Pki {
  Certificate root = forge().ca("root", "Root");
  Certificate issuing = forge().ca("issuing", "Issuing", "root");
  Certificate alice = forge().client("alice", "alice", "issuing");
};
inline const Pki& pki() {
  static const Pki pki;
  return pki;
}

inline Certificate leaf(std::string_view id, std::string_view rest) {
  static_cast<void>(pki());
  return forge().certificate(id, id, "issuing", rest);
}

}  // namespace symbolon::x509::testing::path
