// A certificate request, PKCS#10 (RFC 2986): what the holder of a key asks to have certified.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/key.h"
#include "x509/name.h"

namespace symbolon::x509 {

// An extension as the request holds it (extensionRequest, RFC 2985 §5.4.2).
struct RequestedExtension {
  std::string oid;  // dotted
  bool critical = false;
  Bytes value;  // content of the extnValue OCTET STRING
};

// Immutable; copies share. One exists only if its signature fits its key: possession is proven.
class CertificateRequest {
 public:
  // The whole of `der`. Verifies the signature, once. Fails with request_malformed (also for trailing octets, a version
  // but v1, an extension twice), request_weak_signature (MD5, SHA-1), request_bad_signature.
  static Result<CertificateRequest> from_der(ByteView der);
  // PEM with one "CERTIFICATE REQUEST" (or "NEW CERTIFICATE REQUEST") block, or DER. Fails as from_der.
  static Result<CertificateRequest> from_file_content(std::string_view content, std::string where = {});

  ByteView der() const;
  std::string pem() const;
  const DistinguishedName& subject() const;
  const crypto::PublicKey& public_key() const;

  const std::vector<GeneralName>& subject_alt_names() const;
  std::optional<std::uint16_t> key_usage() const;              // x509::KeyUsage bits
  const std::vector<std::string>& extended_key_usage() const;  // dotted OIDs
  // basicConstraints with cA TRUE.
  bool asks_to_be_ca() const;
  // All of them, those above included, in their order.
  const std::vector<RequestedExtension>& extensions() const;

 private:
  struct Impl;
  explicit CertificateRequest(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

// The requester's side: a request for `subject` and `names` (either may be empty), signed with `key`. The signature
// algorithm is that of crypto::make_signer.
Result<CertificateRequest> make_request(const crypto::PrivateKey& key, const DistinguishedName& subject,
                                        const std::vector<GeneralName>& names);

}  // namespace symbolon::x509
