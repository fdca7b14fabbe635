// One access rule: what must be true of a peer, all of it at once.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "config/place.h"
#include "crypto/digest.h"
#include "policy/name_pattern.h"
#include "x509/identity.h"

namespace symbolon::policy {

enum class RuleKey : std::uint8_t { cn, ou, o, dns, uri, email, ip, serial, fingerprint, spki, issuer, profile };
std::string_view name(RuleKey key);  // "cn"
std::span<const RuleKey> all_rule_keys();

// One key of a rule, ready to be compared. Immutable.
class Matcher {
 public:
  // cn, ou, o, dns, uri, email, ip, profile: see name_pattern.h (profile as text). serial: hexadecimal, colons allowed,
  // or "dec:123". fingerprint: SHA-256 in hexadecimal. spki: SHA-256 in hexadecimal, or "sha256/<base64>" (RFC 7469
  // §2.1). issuer: the DN in RFC 4514, compared by RFC 5280 §7.1. Fails with config_bad_value.
  static Result<Matcher> make(RuleKey key, std::string_view pattern);

  RuleKey key() const { return key_; }
  const std::string& pattern() const { return pattern_; }
  bool matches(const x509::Identity& identity) const;
  bool might_match(const x509::Identity& identity) const;  // NamePattern::might_match; e-mail also in the subject
  // What the identity has under this key, for people: "dns a.example, b.example"; "no dns".
  std::string found(const x509::Identity& identity) const;
  // Where only one value can match, that value in the form of `index_values`.
  std::optional<std::string> exact() const;

 private:
  using Target = std::variant<NamePattern, x509::SerialNumber, crypto::Sha256, x509::DistinguishedName>;
  Matcher(RuleKey key, std::string_view pattern, Target target)
      : key_(key), pattern_(pattern), target_(std::move(target)) {}
  RuleKey key_;
  std::string pattern_;
  Target target_;
};

std::optional<RuleKey> rule_key(std::string_view name);

// What an identity has under a key, such that a Matcher whose exact() is among them matches, and no other exact one.
std::vector<std::string> index_values(RuleKey key, const x509::Identity& identity);

class Rule {
 public:
  // At least one key, each at most once. Fails with config_bad_value.
  static Result<Rule> make(const std::vector<std::pair<RuleKey, std::string>>& keys, config::Place place = {});
  // From matchers made before. Fails likewise.
  static Result<Rule> of(std::vector<Matcher> matchers, config::Place place = {});
  // One key, as on the command line: "uri:spiffe://example.com/billing".
  static Result<Rule> parse(std::string_view text);

  const std::vector<Matcher>& matchers() const { return matchers_; }
  const config::Place& place() const { return place_; }
  const std::string& text() const { return text_; }    // "{ uri: spiffe://example.com/billing, issuer: CN=CA }"
  bool matches(const x509::Identity& identity) const;  // every key
  bool might_match(const x509::Identity& identity) const;

 private:
  Rule() = default;
  std::vector<Matcher> matchers_;
  config::Place place_;
  std::string text_;
};

}  // namespace symbolon::policy
