// The lint of what is about to be signed: RFC 5280 and our rules for private profiles, checked on the bytes themselves.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/key.h"
#include "x509/certificate.h"
#include "x509/finding.h"

namespace symbolon::x509 {

enum class LintKind : std::uint8_t { root, issuing_ca, leaf };

// What the bytes are held against. Everything but `kind` and `algorithm_identifier` may stay as it is; then only the
// standard's rules are checked.
struct LintRules {
  LintKind kind = LintKind::leaf;
  ByteView algorithm_identifier;                                    // what the issuer's key signs with
  const Certificate* issuer = nullptr;                              // null: a root
  std::span<const Certificate> above = {};                          // the CAs above the issuer that are known
  const crypto::PublicKey* key = nullptr;                           // the key that was checked and shall be certified
  std::optional<std::uint16_t> key_usage = {};                      // exactly this
  std::optional<std::vector<std::string>> extended_key_usage = {};  // exactly these
  std::size_t least_names = 0;                                      // in subjectAltName
  bool svid = false;                                                // X.509-SVID: exactly one SPIFFE URI
  std::optional<std::string> crl_url = {};                          // exactly this distribution point; empty: none
  std::optional<std::string> freshest_crl_url = {};                 // exactly this freshestCRL; empty: none
  std::optional<std::string> ocsp_url = {};                         // exactly this OCSP responder; empty: none
  std::optional<std::string> profile = {};                          // the profile extension says this
};

// Every finding, in the order of the rules; none: it may be signed. The bytes are parsed back by a reader that shares
// nothing with the encoder. Finding::index is the number of the extension (in its order) or 0.
std::vector<Finding> lint_tbs(ByteView tbs, const LintRules& rules);

}  // namespace symbolon::x509
