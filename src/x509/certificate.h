// An X.509 certificate (RFC 5280 §4), decoded once and then only read.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "crypto/handles.h"
#include "crypto/key.h"
#include "x509/name.h"
#include "x509/serial_number.h"

namespace symbolon::x509 {

// RFC 5280 §4.2.1.3, bit 0 first.
enum KeyUsage : std::uint16_t {
  digital_signature = 1 << 0,
  non_repudiation = 1 << 1,
  key_encipherment = 1 << 2,
  data_encipherment = 1 << 3,
  key_agreement = 1 << 4,
  key_cert_sign = 1 << 5,
  crl_sign = 1 << 6,
  encipher_only = 1 << 7,
  decipher_only = 1 << 8,
};

struct BasicConstraints {
  bool present = false;
  bool critical = false;
  bool ca = false;
  std::optional<int> path_length;
};

struct Validity {
  UnixSeconds not_before;
  UnixSeconds not_after;  // inclusive, RFC 5280 §4.1.2.5
  bool operator==(const Validity&) const = default;
};

// Our private extension that names the profile of a leaf (docs/decisions/0002).
inline constexpr std::string_view kProfileOid =
    "1.2.840.113556.1.8000.2554.39267.34597.17398.3182.35842.1325373.5932515";

// Immutable; copies share. Accessors are total: what cannot be decoded is absent, and `malformed()` says what it was.
class Certificate {
 public:
  static Result<Certificate> from_der(ByteView der);  // exactly one; certificate_malformed
  static Certificate from_handle(X509* certificate);  // takes a reference of its own (X509_up_ref)
  // Every CERTIFICATE block, in order; other blocks are skipped. Fails with pem_malformed (with line) or
  // certificate_malformed (with the number of the block). Empty text gives an empty vector.
  static Result<std::vector<Certificate>> from_pem(std::string_view pem, std::string_view where = {});
  // PEM with any number of certificates, or one in DER.
  static Result<std::vector<Certificate>> from_file_content(std::string_view content, std::string_view where = {});

  ByteView der() const;
  std::string pem() const;
  const Fingerprint& fingerprint() const;

  int version() const;  // 1, 2, 3
  const SerialNumber& serial() const;
  const DistinguishedName& subject() const;
  const DistinguishedName& issuer() const;
  const Validity& validity() const;
  const crypto::PublicKey& public_key() const;
  std::string signature_algorithm() const;  // "ecdsa-with-SHA256"

  const std::vector<GeneralName>& subject_alt_names() const;
  const BasicConstraints& basic_constraints() const;
  std::optional<std::uint16_t> key_usage() const;              // KeyUsage bits; absent: no extension
  const std::vector<std::string>& extended_key_usage() const;  // dotted OIDs; empty: no extension
  const std::optional<Bytes>& subject_key_identifier() const;
  const std::optional<Bytes>& authority_key_identifier() const;
  const std::optional<std::string>& profile() const;  // kProfileOid
  // Where to ask about its revocation: the http URIs of id-ad-ocsp in authorityInfoAccess (RFC 5280 §4.2.2.1), in their
  // order, of visible ASCII only. Decoded when first asked for, and therefore not in malformed(): an extension that
  // cannot be decoded or stands twice names none. Foreign: whoever asks there goes where the certificate says.
  const std::vector<std::string>& ocsp_urls() const;
  // Which extension could not be decoded, empty when all could.
  const std::string& malformed() const;

  bool self_issued() const { return subject() == issuer(); }
  // Self-issued and its own key verifies its signature (computed once, lazily).
  bool self_signed() const;
  bool is_ca() const { return basic_constraints().ca; }
  // "CN=web (serial 0a1b)" for messages.
  std::string text() const;

  X509* get() const;  // borrowed
  bool operator==(const Certificate& other) const { return fingerprint() == other.fingerprint(); }

 private:
  struct Impl;
  explicit Certificate(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

std::string to_pem(const std::vector<Certificate>& chain);

namespace eku {
inline constexpr std::string_view kServerAuth = "1.3.6.1.5.5.7.3.1";
inline constexpr std::string_view kClientAuth = "1.3.6.1.5.5.7.3.2";
inline constexpr std::string_view kEmailProtection = "1.3.6.1.5.5.7.3.4";
inline constexpr std::string_view kOcspSigning = "1.3.6.1.5.5.7.3.9";
inline constexpr std::string_view kAny = "2.5.29.37.0";
}  // namespace eku

}  // namespace symbolon::x509
