// The keys of access rules: one row each in kKeys.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "policy/name_text.h"
#include "policy/rule.h"

namespace symbolon::policy {
namespace {

constexpr std::array<std::pair<RuleKey, std::string_view>, 12> kKeys{{
    {RuleKey::cn, "cn"},
    {RuleKey::ou, "ou"},
    {RuleKey::o, "o"},
    {RuleKey::dns, "dns"},
    {RuleKey::uri, "uri"},
    {RuleKey::email, "email"},
    {RuleKey::ip, "ip"},
    {RuleKey::serial, "serial"},
    {RuleKey::fingerprint, "fingerprint"},
    {RuleKey::spki, "spki"},
    {RuleKey::issuer, "issuer"},
    {RuleKey::profile, "profile"},
}};

Result<crypto::Sha256> sha256_of(const Result<Bytes>& octets, std::string_view text) {
  crypto::Sha256 out{};
  if (!octets || octets->size() != out.size()) {
    return fail(Code::config_bad_value, "'{}' is no SHA-256 digest of 32 octets", shown(text));
  }
  std::ranges::copy(*octets, out.begin());
  return out;
}

// RFC 7469 §2.1 names the digest and gives it in base64; curl writes "sha256//".
Result<crypto::Sha256> parse_pin(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256/";
  if (!text.starts_with(kPrefix)) return sha256_of(from_hex(text), text);
  std::string_view rest = text.substr(kPrefix.size());
  constexpr std::size_t kBase64 = 44;  // a digest may begin with a slash of its own
  if (rest.starts_with('/') && rest.size() > kBase64) rest.remove_prefix(1);
  if (rest.find_first_of(" \t\r\n") != std::string_view::npos) return sha256_of(Bytes{}, text);
  return sha256_of(from_base64(rest), text);
}

Result<PatternKind> pattern_kind(RuleKey key) {
  switch (key) {
    case RuleKey::cn:
    case RuleKey::ou:
    case RuleKey::o:
    case RuleKey::profile: return PatternKind::text;
    case RuleKey::dns: return PatternKind::dns;
    case RuleKey::uri: return PatternKind::uri;
    case RuleKey::email: return PatternKind::email;
    case RuleKey::ip: return PatternKind::ip;
    case RuleKey::serial:
    case RuleKey::fingerprint:
    case RuleKey::spki:
    case RuleKey::issuer: break;
  }
  return fail(Code::internal, "not a pattern");
}

// The names of the identity that stand under the key; for those with a pattern.
std::vector<std::string> names(RuleKey key, const x509::Identity& identity) {
  switch (key) {
    case RuleKey::cn: return identity.common_names;
    case RuleKey::ou: return identity.organizational_units;
    case RuleKey::o: return identity.organizations;
    case RuleKey::dns: return identity.dns;
    case RuleKey::uri: return identity.uris;
    case RuleKey::email: return identity.emails;
    case RuleKey::ip: {
      std::vector<std::string> out;
      for (const Bytes& octets : identity.ips) out.push_back(ip_text(octets));
      return out;
    }
    case RuleKey::serial: return {identity.serial.hex()};
    case RuleKey::fingerprint: return {identity.fingerprint.hex()};
    case RuleKey::spki: return {to_hex(identity.spki_sha256)};
    case RuleKey::issuer: return {identity.issuer.text()};
    case RuleKey::profile: break;
  }
  return identity.profile ? std::vector<std::string>{*identity.profile} : std::vector<std::string>{};
}

}  // namespace

std::string_view name(RuleKey key) { return kKeys[static_cast<std::size_t>(key)].second; }

std::span<const RuleKey> all_rule_keys() {
  static constexpr auto all = [] {
    std::array<RuleKey, kKeys.size()> out{};
    std::ranges::transform(kKeys, out.begin(), &std::pair<RuleKey, std::string_view>::first);
    return out;
  }();
  return all;
}

std::optional<RuleKey> rule_key(std::string_view name) {
  for (const auto& [key, word] : kKeys) {
    if (word == name) return key;
  }
  return std::nullopt;
}

Result<Matcher> Matcher::make(RuleKey key, std::string_view pattern) {
  switch (key) {
    case RuleKey::serial: {
      const auto serial = x509::SerialNumber::parse(pattern);
      if (!serial) return fail(Code::config_bad_value, "{}", shown(serial.error().words));
      return Matcher(key, pattern, *serial);
    }
    case RuleKey::fingerprint: return Matcher(key, pattern, TRY(sha256_of(from_hex(pattern), pattern)));
    case RuleKey::spki: return Matcher(key, pattern, TRY(parse_pin(pattern)));
    case RuleKey::issuer: {
      const auto issuer = x509::DistinguishedName::parse(pattern);
      if (!issuer) return fail(Code::config_bad_value, "{}", shown(issuer.error().words));
      if (issuer->empty()) return fail(Code::config_bad_value, "the issuer's name is empty");
      return Matcher(key, pattern, *issuer);
    }
    default: return Matcher(key, pattern, TRY(NamePattern::make(TRY(pattern_kind(key)), pattern)));
  }
}

bool Matcher::matches(const x509::Identity& identity) const {
  switch (key_) {
    case RuleKey::serial: return std::get<x509::SerialNumber>(target_) == identity.serial;
    case RuleKey::fingerprint: return std::get<crypto::Sha256>(target_) == identity.fingerprint.octets;
    case RuleKey::spki: return std::get<crypto::Sha256>(target_) == identity.spki_sha256;
    case RuleKey::issuer: return std::get<x509::DistinguishedName>(target_) == identity.issuer;
    case RuleKey::ip:
      return std::ranges::any_of(
          identity.ips, [&](const Bytes& octets) { return std::get<NamePattern>(target_).matches_ip(octets); });
    default:
      return std::ranges::any_of(names(key_, identity), [&](const std::string& name) {
        return std::get<NamePattern>(target_).matches(std::string_view(name));
      });
  }
}

bool Matcher::might_match(const x509::Identity& identity) const {
  const auto* const pattern = std::get_if<NamePattern>(&target_);
  if (pattern == nullptr) return matches(identity);
  if (key_ == RuleKey::ip) {
    return std::ranges::any_of(identity.ips, [&](const Bytes& octets) { return pattern->might_match_ip(octets); });
  }
  const auto might = [&](const std::string& name) { return pattern->might_match(std::string_view(name)); };
  return std::ranges::any_of(names(key_, identity), might) ||
         (key_ == RuleKey::email && std::ranges::any_of(identity.subject_emails, might));
}

std::string Matcher::found(const x509::Identity& identity) const {
  std::string out;
  for (const std::string& value : names(key_, identity)) {
    if (!out.empty()) out += ", ";
    out += shown(value);
  }
  return out.empty() ? fmt::format("no {}", name(key_)) : fmt::format("{} {}", name(key_), out);
}

std::optional<std::string> Matcher::exact() const {
  switch (key_) {
    case RuleKey::serial: return std::get<x509::SerialNumber>(target_).hex();
    case RuleKey::fingerprint:
    case RuleKey::spki: return to_hex(std::get<crypto::Sha256>(target_));
    case RuleKey::issuer: return std::string(as_text(std::get<x509::DistinguishedName>(target_).canonical()));
    default: break;
  }
  const auto& pattern = std::get<NamePattern>(target_);
  if (!pattern.exact()) return std::nullopt;
  return pattern.normal();
}

std::vector<std::string> index_values(RuleKey key, const x509::Identity& identity) {
  if (key == RuleKey::issuer) return {std::string(as_text(identity.issuer.canonical()))};
  std::vector<std::string> out = names(key, identity);
  const auto kind = pattern_kind(key);
  if (kind) {
    for (std::string& value : out) value = normal_form(*kind, value);
  }
  return out;
}

}  // namespace symbolon::policy
