#include "check/file_kind.h"

#include <algorithm>

#include "x509/der_reader.h"
#include "x509/pkcs12_bags.h"

namespace symbolon::check {
namespace {

namespace der = x509::der;
namespace tag = x509::der::tag;

// Steps over elements of which only the beginning may be there.
class Steps {
 public:
  explicit Steps(ByteView octets) : rest_(octets) {}
  std::uint8_t tag() const {
    const auto header = der::header_of(rest_);
    return header ? header->tag : 0;
  }
  bool enter(std::uint8_t wanted) {
    const auto header = der::header_of(rest_);
    if (!header || header->tag != wanted) return false;
    rest_ = rest_.subspan(header->header_size);
    return true;
  }
  bool skip(std::uint8_t wanted) {
    const auto header = der::header_of(rest_);
    if (!header || header->tag != wanted || header->content_size > rest_.size() - header->header_size) return false;
    rest_ = rest_.subspan(header->size());
    return true;
  }

 private:
  ByteView rest_;
};

bool is_time(std::uint8_t of) { return of == tag::utc_time || of == tag::generalized_time; }

// Behind the header of what is signed: TBSCertificate, CertificationRequestInfo or TBSCertList.
FileKind kind_of_signed(Steps steps) {
  if (steps.skip(tag::context(0))) return steps.tag() == tag::integer ? FileKind::certificate : FileKind::unknown;
  steps.skip(tag::integer);  // a version, or the serial number of a certificate of version 1
  if (!steps.skip(tag::sequence) || !steps.skip(tag::sequence)) return FileKind::unknown;
  if (is_time(steps.tag())) return FileKind::crl;
  if (steps.tag() == tag::sequence) return FileKind::certificate;
  return steps.tag() == tag::context(0) ? FileKind::request : FileKind::unknown;
}

// Behind an INTEGER at the beginning.
FileKind kind_of_key(Steps steps) {
  switch (steps.tag()) {
    case tag::sequence: return FileKind::private_key;      // PKCS#8: its algorithm
    case tag::octet_string: return FileKind::private_key;  // RFC 5915 §3: an EC key
    case tag::integer: {                                   // RSA, DSA: integers
      steps.skip(tag::integer);
      return steps.tag() == tag::integer ? FileKind::private_key : FileKind::unknown;
    }
    default: return FileKind::unknown;
  }
}

struct LabelRow {
  std::string_view label;
  FileKind kind;
};
constexpr LabelRow kLabels[] = {
    {"CERTIFICATE", FileKind::certificate},
    {"X509 CERTIFICATE", FileKind::certificate},
    {"TRUSTED CERTIFICATE", FileKind::certificate},
    {"CERTIFICATE REQUEST", FileKind::request},
    {"NEW CERTIFICATE REQUEST", FileKind::request},
    {"X509 CRL", FileKind::crl},
    {"PRIVATE KEY", FileKind::private_key},
    {"RSA PRIVATE KEY", FileKind::private_key},
    {"EC PRIVATE KEY", FileKind::private_key},
    {"DSA PRIVATE KEY", FileKind::private_key},
    {"ENCRYPTED PRIVATE KEY", FileKind::encrypted_key},
    {"PUBLIC KEY", FileKind::public_key},
};

constexpr OtherFormat kPkcs7{"PKCS#7, a bag of certificates without keys (.p7b)",
                             "openssl pkcs7 -print_certs -in FILE -out certificates.pem"};
constexpr OtherFormat kPkcs7Der{"PKCS#7, a bag of certificates without keys (.p7b)",
                                "openssl pkcs7 -inform DER -print_certs -in FILE -out certificates.pem"};
constexpr OtherFormat kJks{"a Java keystore (JKS)",
                           "keytool -importkeystore -srckeystore FILE -destkeystore new.p12 -deststoretype pkcs12"};
constexpr OtherFormat kOpenSsh{"a key in OpenSSH's own format", "ssh-keygen -p -m PKCS8 -f FILE"};
constexpr OtherFormat kSsh{"an SSH public key; it is no certificate", ""};
constexpr OtherFormat kPgp{"an OpenPGP file; TLS does not use it", ""};
constexpr OtherFormat kUtf16{"text in UTF-16, as PowerShell's > writes it", "iconv -f UTF-16 -t ASCII FILE > new.pem"};

}  // namespace

std::string_view name(FileKind kind) {
  switch (kind) {
    case FileKind::certificate: return "certificate";
    case FileKind::request: return "request";
    case FileKind::crl: return "crl";
    case FileKind::private_key: return "private_key";
    case FileKind::encrypted_key: return "encrypted_key";
    case FileKind::public_key: return "public_key";
    case FileKind::pkcs12: return "pkcs12";
    case FileKind::unknown: return "unknown";
  }
  return "";
}

FileKind kind_of_der(ByteView beginning) {
  if (x509::looks_like_pkcs12(beginning)) return FileKind::pkcs12;
  Steps outer(beginning);
  if (!outer.enter(tag::sequence)) return FileKind::unknown;
  if (outer.skip(tag::integer)) return kind_of_key(outer);
  Steps inner = outer;
  if (!inner.enter(tag::sequence)) return FileKind::unknown;
  if (inner.tag() != tag::object_identifier) return kind_of_signed(inner);
  if (!outer.skip(tag::sequence)) return FileKind::unknown;  // an AlgorithmIdentifier
  if (outer.tag() == tag::octet_string) return FileKind::encrypted_key;
  return outer.tag() == tag::bit_string ? FileKind::public_key : FileKind::unknown;
}

FileKind kind_of_label(std::string_view label) {
  const auto* const found = std::ranges::find(kLabels, label, &LabelRow::label);
  return found == std::end(kLabels) ? FileKind::unknown : found->kind;
}

std::optional<OtherFormat> other_label(std::string_view label) {
  if (label == "PKCS7" || label == "CMS" || label == "PKCS #7 SIGNED DATA") return kPkcs7;
  if (label == "OPENSSH PRIVATE KEY") return kOpenSsh;
  if (label.starts_with("SSH2 ") || label.starts_with("SSH ")) return kSsh;
  if (label.starts_with("PGP ")) return kPgp;
  return {};
}

std::optional<OtherFormat> other_format(ByteView beginning) {
  const std::string_view text = as_text(beginning);
  constexpr std::string_view kJksMagic("\xfe\xed\xfe\xed", 4);
  if (text.starts_with(kJksMagic)) return kJks;
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) return kUtf16;
  if (text.starts_with("ssh-") || text.starts_with("ecdsa-sha2-")) return kSsh;
  // ContentInfo ::= SEQUENCE { contentType OBJECT IDENTIFIER, ... }: id-signedData of RFC 5652 §5.1
  Steps outer(beginning);
  constexpr std::string_view kSignedData("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", 11);
  if (outer.enter(tag::sequence) && outer.tag() == tag::object_identifier &&
      text.substr(0, 64).find(kSignedData) != std::string_view::npos) {
    return kPkcs7Der;
  }
  return {};
}

}  // namespace symbolon::check
