// A CA that somebody brings: its certificate and key, in PEM or PKCS#12.
#pragma once

#include <string>
#include <vector>

#include "authority/hierarchy.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"
#include "crypto/key.h"
#include "x509/certificate.h"

namespace symbolon::authority {

struct ImportedCa {
  std::string certificate;  // content of a file: PEM (the CA first or beside its key, those above it) or PKCS#12
  Secret key = {};          // PEM; empty: it stands in the PKCS#12
  Secret passphrase = {};   // of the key or of the PKCS#12; may be empty
  std::string where = {};   // the file, for errors
};

struct OpenedCa {
  x509::Certificate certificate;
  crypto::PrivateKey key;
  std::vector<x509::Certificate> above;  // nearest first
};

// Of several certificates the one that belongs to the key; the others stand above it, or it is ca_chain_broken: each
// must have signed it or another one above it, and together they must make a path that leaves can be verified by, as
// far as it is known. One that is not valid yet is taken (and cannot sign yet). Fails also with key_mismatch,
// ca_expired, key_weak, key_type_not_allowed (we cannot sign with it), passphrase_..., pkcs12_malformed, and
// bad_request when it is no CA or may not sign certificates.
Result<OpenedCa> open_imported(const ImportedCa& import, UnixSeconds now);

// Enters the CA and those above it into the ledger. The caller has stored the key in options.name + ".key"; subject and
// lifetime of the options are not used.
Result<Issuer> adopt(ledger::Ledger& ledger, OpenedCa opened, const CaOptions& options);

}  // namespace symbolon::authority
