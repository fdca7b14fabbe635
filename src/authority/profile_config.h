// Profiles in the configuration: `profiles: { partner: { base: client, names: { dns: ["*.partner.example"] }, ... } }`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "authority/profile.h"
#include "config/table.h"
#include "config/value.h"

namespace symbolon::authority {

struct ProfileNamesConfig {
  using Patterns = std::optional<std::vector<policy::NamePattern>>;  // empty list: any
  Patterns dns;
  Patterns ip;
  Patterns email;
  Patterns uri;
  Patterns cn;
};

enum class Taken : std::uint8_t { names, common_name };

// What is absent stays as the base has it. `names`, given, replaces all kinds of the base.
struct ProfileConfig {
  std::optional<std::string> base;
  std::optional<std::string> when;
  std::optional<std::vector<std::string>> extended_key_usage;  // dotted
  std::optional<std::vector<std::uint16_t>> key_usage;
  std::optional<ProfileNamesConfig> names;
  std::optional<std::int64_t> least_names;
  std::optional<CommonName> common_name;
  std::optional<std::vector<x509::NameAttribute>> subject;
  std::optional<Seconds> lifetime;
  std::optional<Seconds> longest;
  std::optional<std::vector<crypto::KeyType>> keys;
  std::optional<std::vector<Taken>> take;
  std::optional<bool> no_rev_avail;
  std::optional<bool> crl;
  std::optional<std::int64_t> crl_shards;
  std::optional<bool> ocsp;
  config::Place place;
};

config::Table<ProfileConfig> profile_table();
// For the key `profiles`.
config::Value<std::map<std::string, ProfileConfig>> profiles_value();

// `profiles` with those of the configuration: a built-in name changes that profile, a new one needs `base`. Fails, at
// the place of the profile, with config_missing_key (no base), config_bad_value (unknown base, lifetime above longest,
// a profile that could not issue anything).
Result<ProfileSet> configure(ProfileSet profiles, const std::map<std::string, ProfileConfig>& configured);

}  // namespace symbolon::authority
