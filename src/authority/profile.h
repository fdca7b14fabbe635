// A profile: what a kind of certificate may say, and what a requester may choose of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "crypto/key.h"
#include "policy/name_pattern.h"
#include "x509/certificate.h"
#include "x509/name.h"

namespace symbolon::authority {

// Where the common name ("{name}" in the subject template) comes from.
enum class CommonName : std::uint8_t {
  none,        // there is none; asking for one is an error
  first_name,  // the first subjectAltName; one that is asked for must be among the names (RFC 9525: a server)
  free,        // what was asked for, else the first subjectAltName, else name_missing
};

// Names of one kind that may stand in subjectAltName.
struct NameRule {
  x509::NameKind kind = x509::NameKind::dns;
  std::vector<policy::NamePattern> patterns = {};  // one must match; empty: any name of this kind
  bool operator==(const NameRule&) const = default;
};

// What else than its key may be taken from a certificate request. Extensions beyond that are refused
// (extension_not_allowed), never dropped in silence; other attributes of its subject are left out with a note.
struct TakenFromRequest {
  bool names = false;        // subjectAltName, as far as the name rules allow
  bool common_name = false;  // CN of its subject
  bool operator==(const TakenFromRequest&) const = default;
};

struct Profile {
  std::string name;
  std::string when;                             // one line: when to use it
  std::vector<std::string> extended_key_usage;  // dotted OIDs
  std::uint16_t key_usage = x509::digital_signature;
  std::vector<NameRule> names;  // kinds that are not listed are not allowed
  std::size_t least_names = 0;
  std::size_t most_names = 100;
  CommonName common_name = CommonName::free;
  std::vector<policy::NamePattern> common_name_patterns = {};  // one must match; empty: any
  std::vector<x509::NameAttribute> subject;  // template, in the order of the encoding; empty: no subject
  Seconds lifetime;                          // unless another is asked for
  Seconds longest;
  std::vector<crypto::KeyType> keys;
  TakenFromRequest take = {};
  bool no_rev_avail = false;   // RFC 9608
  bool ocsp_no_check = false;  // RFC 6960 §4.2.2.2.1
  bool svid = false;           // X.509-SVID: exactly one spiffe:// URI
  bool crl = true;             // names the CRL's place, where the authority has one (crl_urls_of)
  bool ocsp = true;            // names the OCSP responder, likewise (ocsp_url_of)
  std::uint16_t crl_shards =
      0;  // that CRL is one of so many that the CA's certificates are divided among; 0: the full one

  bool allows_kind(x509::NameKind kind) const;
  // Of an allowed kind, and one of that kind's patterns matches. Fails with name_not_allowed.
  Status check_name(const x509::GeneralName& asked) const;
  // Fails with name_not_allowed.
  Status check_common_name(std::string_view asked) const;
  // Fails with key_weak, key_type_not_allowed.
  Status check_key(const crypto::PublicKey& key) const;
};

// What a person wrote as NAME ..., sorted by what the profile makes of it.
struct RequestedNames {
  std::optional<std::string> common_name;
  std::vector<x509::GeneralName> names;
};
// "cn:" and the prefixes of GeneralName::parse decide. Without one, an address, a URI and an e-mail address are what
// they look like; a word with a dot that can be a DNS name is one if the profile allows DNS names, and so is any such
// word if the profile takes its common name from the names; the rest is the common name. Fails with name_malformed, or
// bad_request for a second common name.
Result<RequestedNames> read_names(const Profile& profile, const std::vector<std::string>& words);

// Everything that the profile says, as one text: two profiles have the same one if and only if they are equal.
std::string canonical(const Profile& profile);

// Profiles by name, in alphabetical order.
using ProfileSet = std::map<std::string, Profile, std::less<>>;

// server, client, person, device, workload, gateway, admin, ocsp. `organization` becomes O of those that have a
// subject; empty: no O.
ProfileSet builtin_profiles(std::string_view organization);

// Fails with profile_unknown, naming those that exist.
Result<const Profile*> find_profile(const ProfileSet& profiles, std::string_view name);

}  // namespace symbolon::authority
