// What files hold: facts only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "check/file_kind.h"
#include "check/file_pem.h"
#include "crypto/key.h"
#include "revocation/coverage.h"
#include "x509/certificate.h"
#include "x509/request.h"

namespace symbolon::check {

// A private or a public key. The private part is not kept.
struct SeenKey {
  std::optional<crypto::PublicKey> key = {};  // nothing: it could not be opened
  bool is_private = true;
  std::string scheme = {};      // what it was encrypted with
  bool old_encryption = false;  // only old programs encrypt so
};

// Does the key of a certificate that is here verify the CRL?
enum class CrlSignature : std::uint8_t { verified, wrong, weak, issuer_missing, issuer_may_not_sign };

// One of the certificates that are here, as the CRL lists it.
struct ListedCertificate {
  x509::Fingerprint certificate;
  UnixSeconds since;
  bool on_hold = false;
  bool removed = false;  // by a delta CRL: it is not revoked any more
};

struct SeenCrl {
  x509::DistinguishedName issuer = {};
  UnixSeconds this_update;
  UnixSeconds next_update;
  std::optional<Bytes> number = {};       // magnitude octets
  std::optional<Bytes> base_number = {};  // a delta CRL
  revocation::Coverage coverage = {};
  std::uint64_t entries = 0;
  std::uint64_t on_hold = 0;  // of them
  std::string algorithm = {};
  CrlSignature signature = CrlSignature::issuer_missing;
  std::optional<x509::Certificate> signer = {};  // whose key verifies it
  std::vector<ListedCertificate> listed = {};
};

// One thing in a file.
struct FileObject {
  std::size_t file = 0;  // place in FileObservation::files
  int line = 0;          // of its BEGIN; 0: it stands in no PEM
  int last_line = 0;     // of its END
  FileKind kind = FileKind::unknown;
  std::string label = {};          // of the PEM block
  std::string friendly_name = {};  // in PKCS#12
  std::variant<std::monostate, x509::Certificate, x509::CertificateRequest, SeenKey, SeenCrl> content = {};
  std::optional<Error> problem = {};        // why there is no content, or not all of it
  std::optional<std::string> subject = {};  // of a request that cannot be taken
  std::optional<OtherFormat> other = {};    // what it is instead
  bool mislabelled = false;                 // the label promises another kind

  template <typename T>
  const T* get() const {
    return std::get_if<T>(&content);
  }
};

struct SeenFile {
  std::string name;
  std::string form = {};  // "PEM", "DER", "PKCS#12"; empty: nothing was recognized
  std::uint64_t octets = 0;
  std::optional<unsigned> open_mode = {};  // permissions, where others than the owner may read it
  std::optional<Error> problem = {};       // of the file as a whole
  std::optional<OtherFormat> other = {};
  std::vector<PemFault> faults = {};
  std::vector<std::string> schemes = {};  // PKCS#12: what its parts are encrypted with
  bool old_encryption = false;
  bool without_mac = false;  // PKCS#12
};

struct FileObservation {
  std::vector<SeenFile> files;
  std::vector<FileObject> objects;  // in the order of the files

  std::vector<x509::Certificate> certificates() const;
  // Something is encrypted, and no passphrase was given.
  bool needs_passphrase() const;
};

}  // namespace symbolon::check
