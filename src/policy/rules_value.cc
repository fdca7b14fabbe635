#include "policy/rules_value.h"

#include <algorithm>
#include <optional>

namespace symbolon::policy {
namespace {

// A rule while it is read.
struct RuleFields {
  std::optional<Matcher> cn, ou, o, dns, uri, email, ip, serial, fingerprint, spki, issuer, profile;
  config::Place place;
};

config::Value<Matcher> matcher_value(RuleKey key, std::string words) {
  return config::parsed<Matcher>(std::move(words), [key](std::string_view text) { return Matcher::make(key, text); });
}

config::Table<RuleFields> rule_table() {
  using config::Help;
  const auto text = [](RuleKey key) { return matcher_value(key, "text, with * at an end or not"); };
  config::Table<RuleFields> t("rule", "All keys of one rule must match; of several rules, one.");
  t.optional("cn", &RuleFields::cn, text(RuleKey::cn), Help("Common name of the subject.", "web*"))
      .optional("ou", &RuleFields::ou, text(RuleKey::ou), Help("An organizational unit of the subject.", "Sales"))
      .optional("o", &RuleFields::o, text(RuleKey::o), Help("An organization of the subject.", "Example Corp"))
      .optional("dns", &RuleFields::dns, matcher_value(RuleKey::dns, "a DNS name or pattern"),
                Help("A DNS name; `*` is one label, `**` one or more.", "*.example.com"))
      .optional("uri", &RuleFields::uri, matcher_value(RuleKey::uri, "a URI or pattern"),
                Help("A URI, such as a SPIFFE ID; in the path `*` is one segment, `**` any number.",
                     "spiffe://example.com/billing/**"))
      .optional("email", &RuleFields::email, matcher_value(RuleKey::email, "an e-mail address or pattern"),
                Help("An e-mail address; `*` for any local part.", "*@example.com"))
      .optional("ip", &RuleFields::ip, matcher_value(RuleKey::ip, "an IP address or prefix"),
                Help("An IP address in the certificate (not the peer's).", "192.0.2.0/24"))
      .optional("serial", &RuleFields::serial, matcher_value(RuleKey::serial, "a serial number in hexadecimal"),
                Help("The serial number; name the issuer too.", "\"0A:1B:2C\""))
      .optional("fingerprint", &RuleFields::fingerprint,
                matcher_value(RuleKey::fingerprint, "a SHA-256 digest in hexadecimal"),
                Help("SHA-256 of the certificate."))
      .optional("spki", &RuleFields::spki,
                matcher_value(RuleKey::spki, "a SHA-256 digest: hexadecimal or sha256/BASE64"),
                Help("SHA-256 of the public key (RFC 7469)."))
      .optional("issuer", &RuleFields::issuer, matcher_value(RuleKey::issuer, "a distinguished name"),
                Help("The issuer's name (RFC 4514), whole.", "CN=Issuing CA,O=Example Corp"))
      .optional("profile", &RuleFields::profile, text(RuleKey::profile),
                Help("The profile our authority issued it under.", "device"))
      .place(&RuleFields::place);
  return t;
}

Result<Rule> to_rule(RuleFields fields) {
  std::vector<Matcher> matchers;
  for (auto* field : {&fields.cn, &fields.ou, &fields.o, &fields.dns, &fields.uri, &fields.email, &fields.ip,
                      &fields.serial, &fields.fingerprint, &fields.spki, &fields.issuer, &fields.profile}) {
    if (*field) matchers.push_back(std::move(**field));
  }
  return Rule::of(std::move(matchers), std::move(fields.place));
}

bool has(const Rule& rule, RuleKey key) {
  return std::ranges::find(rule.matchers(), key, &Matcher::key) != rule.matchers().end();
}

}  // namespace

config::Value<Rule> rule_value() {
  config::Value<Rule> value = config::as<Rule>(config::table(rule_table()), to_rule);
  value.read = [read = std::move(value.read)](const config::Node& node, config::Reader& reader) {
    std::optional<Rule> rule = read(node, reader);
    if (rule && has(*rule, RuleKey::serial) && !has(*rule, RuleKey::issuer)) {
      reader.warn(node.place, "a serial without its issuer matches that serial of every trusted CA; add `issuer`");
    }
    return rule;
  };
  return value;
}

config::Value<std::vector<Rule>> rules_value() { return config::list_of(rule_value(), {.most = 100'000}); }

config::Value<AllowList> allow_value() {
  auto any = config::as<AllowList>(config::choice<bool>({{"any_verified", true}}),
                                   [](bool) { return AllowList{.any_verified = true}; });
  auto listed = config::as<AllowList>(rules_value(), [](std::vector<Rule> rules) -> Result<AllowList> {
    if (rules.empty())
      return fail(Code::config_no_rules, "nobody could ever pass; say `any_verified`, or name somebody");
    return AllowList{.rules = std::move(rules)};
  });
  config::Value<AllowList> value = config::either<AllowList>({std::move(any), std::move(listed)});
  value.read = [read = std::move(value.read)](const config::Node& node, config::Reader& reader) {
    std::optional<AllowList> allow = read(node, reader);
    if (allow) allow->place = node.place;
    return allow;
  };
  return value;
}

config::Value<NamePattern> pattern_value(PatternKind kind) {
  constexpr const char* kWords[] = {"a DNS name or pattern", "a URI or pattern", "an e-mail address or pattern",
                                    "an IP address or prefix", "text, with * at an end or not"};
  return config::parsed<NamePattern>(kWords[static_cast<std::size_t>(kind)],
                                     [kind](std::string_view text) { return NamePattern::make(kind, text); });
}

}  // namespace symbolon::policy
