#include "authority/profile.h"

#include <algorithm>

namespace symbolon::authority {
namespace {

std::string allowed_kinds(const Profile& profile) {
  std::string out;
  for (const NameRule& rule : profile.names) {
    out += out.empty() ? "" : ", ";
    out += x509::name(rule.kind);
  }
  return out.empty() ? "no names at all" : "names of the kinds " + out;
}

std::string pattern_list(const std::vector<policy::NamePattern>& patterns) {
  std::string out;
  for (const policy::NamePattern& pattern : patterns) out += (out.empty() ? "" : ", ") + pattern.pattern();
  return out;
}

bool has_prefix(std::string_view word) {
  constexpr std::string_view kPrefixes[] = {"dns:", "ip:", "email:", "uri:"};
  return std::ranges::any_of(kPrefixes, [&](std::string_view prefix) { return word.starts_with(prefix); });
}

bool looks_like_general_name(const Profile& profile, std::string_view word) {
  if (has_prefix(word) || word.find("://") != std::string_view::npos) return true;
  if (word.find('@') != std::string_view::npos || x509::GeneralName::ip(word)) return true;
  if (!profile.allows_kind(x509::NameKind::dns)) return false;
  if (profile.common_name == CommonName::first_name) return true;
  return word.find('.') != std::string_view::npos && x509::GeneralName::dns(word).has_value();
}

}  // namespace

bool Profile::allows_kind(x509::NameKind kind) const {
  return std::ranges::find(names, kind, &NameRule::kind) != names.end();
}

Status Profile::check_name(const x509::GeneralName& asked) const {
  const auto rule = std::ranges::find(names, asked.kind, &NameRule::kind);
  if (rule == names.end()) {
    return fail(Code::name_not_allowed, "'{}': the profile '{}' allows {}", asked.text(), name, allowed_kinds(*this));
  }
  const auto matches = [&](const policy::NamePattern& pattern) { return pattern.matches(asked); };
  if (!rule->patterns.empty() && std::ranges::none_of(rule->patterns, matches)) {
    return fail(Code::name_not_allowed, "'{}': the profile '{}' allows {}", asked.text(), name,
                pattern_list(rule->patterns));
  }
  if (svid && asked.kind == x509::NameKind::uri && !asked.value.starts_with("spiffe://")) {
    return fail(Code::name_not_allowed, "'{}': the profile '{}' allows only spiffe:// URIs", asked.text(), name);
  }
  return {};
}

Status Profile::check_common_name(std::string_view asked) const {
  if (common_name == CommonName::none) {
    return fail(Code::name_not_allowed, "'{}': the profile '{}' has no common name", asked, name);
  }
  const auto matches = [&](const policy::NamePattern& pattern) { return pattern.matches(asked); };
  if (!common_name_patterns.empty() && std::ranges::none_of(common_name_patterns, matches)) {
    return fail(Code::name_not_allowed, "the common name '{}': the profile '{}' allows {}", asked, name,
                pattern_list(common_name_patterns));
  }
  return {};
}

Status Profile::check_key(const crypto::PublicKey& key) const {
  TRY(key.check_strength());
  const auto type = key.type();
  if (type && std::ranges::find(keys, *type) != keys.end()) return {};
  std::string allowed;
  for (const crypto::KeyType one : keys) {
    allowed += allowed.empty() ? "" : ", ";
    allowed += crypto::name(one);
  }
  return fail(Code::key_type_not_allowed, "a {} key: the profile '{}' allows {}", key.description(), name, allowed);
}

Result<RequestedNames> read_names(const Profile& profile, const std::vector<std::string>& words) {
  constexpr std::string_view kCommonName = "cn:";
  RequestedNames out;
  for (const std::string& word : words) {
    if (!word.starts_with(kCommonName) && looks_like_general_name(profile, word)) {
      out.names.push_back(TRY(x509::GeneralName::parse(word)));
      continue;
    }
    if (out.common_name) {
      return fail(Code::bad_request, "'{}' and '{}' cannot both be the common name", *out.common_name, word);
    }
    out.common_name = word.starts_with(kCommonName) ? word.substr(kCommonName.size()) : word;
  }
  return out;
}

Result<const Profile*> find_profile(const ProfileSet& profiles, std::string_view name) {
  if (const auto found = profiles.find(name); found != profiles.end()) return &found->second;
  std::string known;
  for (const auto& [other, profile] : profiles) known += (known.empty() ? "" : ", ") + other;
  return fail(Code::profile_unknown, "there is no profile '{}'; there are {}", name, known);
}

std::string canonical(const Profile& profile) {
  // Bound one by one: a member that is added and not written here does not compile.
  const auto& [name, when, purposes, key_usage, names, least_names, most_names, common_name, cn_patterns, subject,
               lifetime, longest, keys, take, no_rev_avail, ocsp_no_check, svid, crl, ocsp, crl_shards] = profile;
  std::string out;
  const auto add = [&out](std::string_view text) { out += fmt::format("{}:{}\n", text.size(), text); };
  const auto number = [&add](auto value) { add(std::to_string(static_cast<std::int64_t>(value))); };
  const auto patterns = [&](const std::vector<policy::NamePattern>& list) {
    number(list.size());
    for (const policy::NamePattern& pattern : list) add(pattern.pattern());
  };
  add(name);
  add(when);
  number(purposes.size());
  for (const std::string& purpose : purposes) add(purpose);
  number(key_usage);
  number(names.size());
  for (const NameRule& rule : names) {
    add(x509::name(rule.kind));
    patterns(rule.patterns);
  }
  for (const std::size_t bound : {least_names, most_names}) number(bound);
  number(common_name);
  patterns(cn_patterns);
  number(subject.size());
  for (const x509::NameAttribute& attribute : subject) {
    add(attribute.type);
    add(attribute.value);
  }
  for (const Seconds span : {lifetime, longest}) number(span.count);
  number(keys.size());
  for (const crypto::KeyType key : keys) add(crypto::name(key));
  for (const bool is : {take.names, take.common_name, no_rev_avail, ocsp_no_check, svid}) number(is);
  // Only what is left out, by name: what was approved before there were such members stays approved.
  if (!crl) number(crl);
  if (!ocsp) add("no ocsp");
  if (crl_shards != 0) add(fmt::format("crl shards {}", crl_shards));
  return out;
}

}  // namespace symbolon::authority
