// Making and taking over CAs: a root, and issuing CAs below it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"
#include "crypto/key.h"
#include "ledger/ledger.h"
#include "x509/certificate.h"
#include "x509/name_constraints.h"

namespace symbolon::authority {

inline constexpr Seconds kRootLifetime = kDay * 365 * 20;
inline constexpr Seconds kIssuingLifetime = kDay * 365 * 5;

// A CA with its key, as made or as imported.
struct CertificateAuthority {
  std::string name;  // "root", "issuing"
  x509::Certificate certificate;
  crypto::PrivateKey key;
};

struct CaOptions {
  std::string name;  // in the ledger and of its files: "root", "issuing", "issuing-2"
  x509::DistinguishedName subject;
  crypto::KeyType key_type = crypto::KeyType::p256;
  Seconds lifetime;
  x509::NameConstraints name_constraints = {};  // of an issuing CA
  std::string requester;                        // for the ledger
};

// Each is linted, recorded in the ledger with the exact bytes before it is signed, and completed there like a leaf.

// Self-signed; keyCertSign and cRLSign, no path length. Fails with lint_..., ledger_..., name_malformed.
Result<CertificateAuthority> make_root(ledger::Ledger& ledger, const Clock& clock, const CaOptions& options);

// pathLen 0, signed by `parent`; cut to the parent's end. Fails with ca_expired (the parent's), key_mismatch, and as
// make_root.
Result<CertificateAuthority> make_issuing_ca(ledger::Ledger& ledger, const Clock& clock,
                                             const CertificateAuthority& parent, const CaOptions& options);

// What somebody brings: PEM texts (certificate, then key) or one PKCS#12.
struct ImportedCa {
  std::string certificate;  // content of a file: PEM (CA first, its chain behind it) or PKCS#12
  Secret key;               // PEM; empty for PKCS#12
  Secret passphrase;        // of the key or of the PKCS#12; may be empty
  std::string where;        // the file, for errors
};

// The CA, checked: key_mismatch, ca_expired, passphrase_..., key_weak, and bad_request when the certificate is no CA
// or may not sign certificates. The rest of the file (those above it) comes behind.
struct OpenedCa {
  x509::Certificate certificate;
  crypto::PrivateKey key;
  std::vector<x509::Certificate> chain;
};
Result<OpenedCa> open_imported(const ImportedCa& import, UnixSeconds now);

// "root", else "issuing", "issuing-2", ...: the first that `taken` does not hold.
std::string free_issuer_name(std::string_view base, const std::vector<std::string>& taken);

}  // namespace symbolon::authority
