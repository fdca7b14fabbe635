// What the trust stores share: our names, and reading what foreign tools print.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "enroll/trust_store.h"

namespace symbolon::enroll {

inline constexpr std::string_view kTrustPrefix = "symbolon-";

// trust_unusable unless it is a CA.
Status check_is_root(const x509::Certificate& root);

// The entry with this fingerprint; null: none.
const TrustedRoot* find_root(const std::vector<TrustedRoot>& roots, const x509::Certificate& root);

// Nicknames with our prefix in what `certutil -L` prints, each once. Total.
std::vector<std::string> nicknames_of_ours(std::string_view certutil_listing);

// An entry of `keytool -list -rfc`: alias and the PEM of its first certificate. Total; others than ours are left out.
struct KeytoolEntry {
  std::string alias;
  std::string pem;
};
std::vector<KeytoolEntry> keytool_entries_of_ours(std::string_view keytool_listing);

}  // namespace symbolon::enroll
