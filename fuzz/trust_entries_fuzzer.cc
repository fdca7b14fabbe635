// What certutil and keytool print: whatever it is, only names of ours come out, and certificates whole.
#include <cstdint>
#include <cstdlib>

#include "enroll/trust_entries.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const std::string& name : symbolon::enroll::nicknames_of_ours(text)) {
    if (!name.starts_with(symbolon::enroll::kTrustPrefix) || name.find(' ') != std::string::npos) std::abort();
  }
  for (const auto& entry : symbolon::enroll::keytool_entries_of_ours(text)) {
    if (!entry.alias.starts_with(symbolon::enroll::kTrustPrefix)) std::abort();
    if (!entry.pem.starts_with("-----BEGIN CERTIFICATE-----\n")) std::abort();
    if (!entry.pem.ends_with("-----END CERTIFICATE-----\n")) std::abort();
  }
  return 0;
}
