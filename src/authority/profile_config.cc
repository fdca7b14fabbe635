#include "authority/profile_config.h"

#include <algorithm>

#include "authority/crl_part.h"
#include "policy/rules_value.h"
#include "x509/der_writer.h"

namespace symbolon::authority {
namespace {

using config::choice;
using config::list_of;
using policy::NamePattern;
using policy::PatternKind;

enum class AnyName : std::uint8_t { any };

config::Value<std::vector<NamePattern>> patterns_value(PatternKind kind) {
  auto any = config::as<std::vector<NamePattern>>(choice<AnyName>({{"any", AnyName::any}}),
                                                  [](AnyName) { return std::vector<NamePattern>(); });
  return config::either<std::vector<NamePattern>>({std::move(any), list_of(policy::pattern_value(kind), {.least = 1})});
}

Result<std::string> parse_purpose(std::string_view text) {
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {{"serverAuth", x509::eku::kServerAuth},
                                                                      {"clientAuth", x509::eku::kClientAuth},
                                                                      {"emailProtection", x509::eku::kEmailProtection},
                                                                      {"codeSigning", "1.3.6.1.5.5.7.3.3"}};
  for (const auto& [name, oid] : kNames) {
    if (text == name) return std::string(oid);
  }
  if (text == x509::eku::kAny) return fail(Code::config_bad_value, "anyExtendedKeyUsage defeats every check");
  if (x509::der::object_identifier(text).empty()) return fail(Code::config_bad_value, "'{}' is no purpose", text);
  return std::string(text);
}

Result<crypto::KeyType> parse_key_type(std::string_view text) {
  if (const auto type = crypto::key_type_from_name(text)) return *type;
  return fail(Code::config_bad_value, "'{}' is no type of key", text);
}

Result<std::vector<x509::NameAttribute>> parse_subject(const std::string& text) {
  return TRY(x509::DistinguishedName::parse(text)).attributes();
}

config::Table<ProfileNamesConfig> names_table() {
  config::Table<ProfileNamesConfig> t("names", "Which names may stand in subjectAltName. Kinds left out are refused.");
  t.optional("dns", &ProfileNamesConfig::dns, patterns_value(PatternKind::dns),
             "DNS names: `any`, or patterns such as \"*.example.com\".")
      .optional("ip", &ProfileNamesConfig::ip, patterns_value(PatternKind::ip),
                "Addresses: `any`, or ranges such as 10.0.0.0/8.")
      .optional("email", &ProfileNamesConfig::email, patterns_value(PatternKind::email),
                "E-mail addresses: `any`, or patterns such as \"*@example.com\".")
      .optional("uri", &ProfileNamesConfig::uri, patterns_value(PatternKind::uri),
                "URIs: `any`, or patterns such as \"spiffe://example.com/**\".")
      .optional("cn", &ProfileNamesConfig::cn, patterns_value(PatternKind::text),
                "What the common name may be: `any`, or patterns such as \"sensor-*\".");
  return t;
}

void apply_names(Profile& profile, const ProfileNamesConfig& names) {
  profile.names.clear();
  const auto add = [&](x509::NameKind kind, const ProfileNamesConfig::Patterns& patterns) {
    if (patterns) profile.names.push_back({.kind = kind, .patterns = *patterns});
  };
  add(x509::NameKind::dns, names.dns);
  add(x509::NameKind::ip, names.ip);
  add(x509::NameKind::email, names.email);
  add(x509::NameKind::uri, names.uri);
  if (names.cn) profile.common_name_patterns = *names.cn;
}

void apply(Profile& profile, const ProfileConfig& config) {
  if (config.when) profile.when = *config.when;
  if (config.extended_key_usage) profile.extended_key_usage = *config.extended_key_usage;
  if (config.key_usage) {
    profile.key_usage = 0;
    for (const std::uint16_t bit : *config.key_usage) profile.key_usage |= bit;
  }
  if (config.names) apply_names(profile, *config.names);
  if (config.least_names) profile.least_names = static_cast<std::size_t>(*config.least_names);
  if (config.common_name) profile.common_name = *config.common_name;
  if (config.subject) profile.subject = *config.subject;
  if (config.lifetime) profile.lifetime = *config.lifetime;
  // A longer default asks for a longer most, without saying it twice.
  if (config.lifetime && !config.longest) profile.longest = std::max(profile.longest, profile.lifetime);
  if (config.longest) profile.longest = *config.longest;
  if (config.longest && !config.lifetime) profile.lifetime = std::min(profile.longest, profile.lifetime);
  if (config.keys) profile.keys = *config.keys;
  if (config.no_rev_avail) profile.no_rev_avail = *config.no_rev_avail;
  if (config.crl) profile.crl = *config.crl;
  if (config.crl_shards) profile.crl_shards = static_cast<std::uint16_t>(*config.crl_shards);
  if (config.ocsp) profile.ocsp = *config.ocsp;
  if (config.take) {
    const auto takes = [&](Taken what) { return std::ranges::find(*config.take, what) != config.take->end(); };
    profile.take = {.names = takes(Taken::names), .common_name = takes(Taken::common_name)};
  }
}

Status check(const Profile& profile) {
  const auto bad = [&](std::string_view why) {
    return fail(Code::config_bad_value, "profile '{}': {}", profile.name, why);
  };
  if (profile.lifetime > profile.longest) return bad("`lifetime` is longer than `longest`");
  if (profile.least_names > 0 && profile.names.empty()) return bad("it needs names and allows none");
  if (profile.common_name == CommonName::none && profile.least_names == 0 && profile.subject.empty()) {
    return bad("its certificates would name nobody: it has no subject and needs no names");
  }
  if (profile.crl_shards != 0 && !is_shard_count(profile.crl_shards)) {
    return bad(fmt::format("`crl_shards` is a power of two, 2 to {}", kMostShards));
  }
  if (profile.ocsp_no_check && profile.extended_key_usage != std::vector{std::string(x509::eku::kOcspSigning)}) {
    return bad("a profile made from `ocsp` is for OCSP signing only");
  }
  const auto& purposes = profile.extended_key_usage;
  if (!profile.ocsp_no_check && std::ranges::find(purposes, x509::eku::kOcspSigning) != purposes.end()) {
    return bad("only a profile made from `ocsp` may be for OCSP signing");
  }
  return {};
}

}  // namespace

config::Table<ProfileConfig> profile_table() {
  config::Table<ProfileConfig> t("profile", "A kind of certificate: what it may say, and what may be chosen of it.");
  constexpr Seconds kMost = kDay * 365 * 20;
  t.optional("base", &ProfileConfig::base, config::string(),
             "The profile it starts from: a built-in one. Needed unless it changes a built-in one itself.")
      .optional("when", &ProfileConfig::when, config::string(), "One line for `symbolon profiles`: when to use it.")
      .optional(
          "extended_key_usage", &ProfileConfig::extended_key_usage,
          list_of(config::parsed<std::string>(
                      "serverAuth, clientAuth, emailProtection, codeSigning or an object identifier", parse_purpose),
                  {.least = 1}),
          "What the certificates are for.")
      .optional("key_usage", &ProfileConfig::key_usage,
                list_of(choice<std::uint16_t>({{"digitalSignature", x509::digital_signature},
                                               {"nonRepudiation", x509::non_repudiation},
                                               {"keyEncipherment", x509::key_encipherment},
                                               {"keyAgreement", x509::key_agreement}}),
                        {.least = 1}),
                "keyUsage. keyEncipherment is left out where the key is not RSA.")
      .optional("names", &ProfileConfig::names, config::table(names_table()), "Which names are allowed.")
      .optional("least_names", &ProfileConfig::least_names, config::integer(0, 100),
                "How many names there must be at least.")
      .optional("common_name", &ProfileConfig::common_name,
                choice<CommonName>(
                    {{"none", CommonName::none}, {"first_name", CommonName::first_name}, {"free", CommonName::free}}),
                "Where the common name comes from: nowhere, from the names, or from whoever asks.")
      .optional("subject", &ProfileConfig::subject,
                config::as<std::vector<x509::NameAttribute>>(config::string_or_empty(), parse_subject),
                "The subject (RFC 4514); {name} stands for the common name. Empty: no subject.")
      .optional("lifetime", &ProfileConfig::lifetime, config::duration(kMinute, kMost), "Unless another is asked for.")
      .optional("longest", &ProfileConfig::longest, config::duration(kMinute, kMost),
                "The longest that may be asked for.")
      .optional(
          "keys", &ProfileConfig::keys,
          list_of(config::parsed<crypto::KeyType>("p256, p384, ed25519, rsa2048, rsa3072 or rsa4096", parse_key_type),
                  {.least = 1}),
          "Which keys are taken.")
      .optional("take", &ProfileConfig::take,
                list_of(choice<Taken>({{"names", Taken::names}, {"common_name", Taken::common_name}})),
                "What is taken from a certificate request beside its key. Nothing else ever is.")
      .optional("no_rev_avail", &ProfileConfig::no_rev_avail, config::boolean(),
                "Say in the certificates that no revocation data will be published (RFC 9608). Our gateways look at "
                "their set all the same.")
      .optional(
          "crl", &ProfileConfig::crl, config::boolean(),
          "Name the place of the CRL in the certificates, where `authority.crl` has a `url`. Default: true; never "
          "beside `no_rev_avail`, and not in those for OCSP.")
      .optional(
          "crl_shards", &ProfileConfig::crl_shards, config::integer(0, kMostShards),
          "Divide the CA's certificates among so many CRLs beside the full one (2, 4, 8, ... 256), and name in each "
          "certificate that which it is about (RFC 5280 §5.2.5): less to fetch where very many are revoked. Default: "
          "0, the full one.")
      .optional("ocsp", &ProfileConfig::ocsp, config::boolean(),
                "Name the OCSP responder in the certificates, where `authority.ocsp` has a `url`. Default: true; never "
                "beside `no_rev_avail`, and not in those for OCSP signing.")
      .place(&ProfileConfig::place);
  return t;
}

config::Value<std::map<std::string, ProfileConfig>> profiles_value() {
  return config::map_of(config::table(profile_table()));
}

Result<ProfileSet> configure(ProfileSet profiles, const std::map<std::string, ProfileConfig>& configured) {
  const ProfileSet builtins = profiles;
  for (const auto& [name, config] : configured) {
    const std::string base = config.base.value_or(name);
    const auto found = builtins.find(base);
    if (found == builtins.end() && !config.base) {
      return fail_at(config.place.text(), Code::config_missing_key, "profile '{}' needs `base`, a built-in profile",
                     name);
    }
    if (found == builtins.end()) {
      return fail_at(config.place.text(), Code::config_bad_value, "profile '{}': there is no built-in profile '{}'",
                     name, base);
    }
    Profile profile = found->second;
    profile.name = name;
    apply(profile, config);
    if (const Status good = check(profile); !good) {
      return fail_at(config.place.text(), good.error().code, "{}", good.error().words);
    }
    profiles.insert_or_assign(name, std::move(profile));
  }
  return profiles;
}

}  // namespace symbolon::authority
