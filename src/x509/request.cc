#include "x509/request.h"

#include <openssl/err.h>
#include <openssl/objects.h>

#include <algorithm>

#include "x509/der_reader.h"
#include "x509/der_writer.h"
#include "x509/general_name_der.h"
#include "x509/path_rules.h"
#include "x509/pem.h"

namespace symbolon::x509 {
namespace {

constexpr std::string_view kExtensionRequest = "1.2.840.113549.1.9.14";            // RFC 2985 §5.4.2
constexpr std::string_view kMicrosoftExtensionRequest = "1.3.6.1.4.1.311.2.1.14";  // the same syntax
constexpr std::string_view kKeyUsage = "2.5.29.15";
constexpr std::string_view kSubjectAltName = "2.5.29.17";
constexpr std::string_view kBasicConstraints = "2.5.29.19";
constexpr std::string_view kExtendedKeyUsage = "2.5.29.37";
constexpr std::size_t kLargestRequest = 64 * 1024;  // octets; RSA 4096 with a hundred names is below 10 KiB

std::unexpected<Error> malformed(std::string_view what) { return fail(Code::request_malformed, "{}", what); }

Result<std::vector<RequestedExtension>> read_extensions(ByteView der) {
  const auto list = der::only(der, der::tag::sequence);
  if (!list) return malformed("extensionRequest holds no Extensions");
  std::vector<RequestedExtension> out;
  der::Reader reader(list->content);
  while (!reader.at_end()) {
    const auto extension = reader.next(der::tag::sequence);
    if (!extension) return malformed("an extension cannot be read");
    der::Reader parts(extension->content);
    const auto id = parts.next(der::tag::object_identifier);
    const auto critical = parts.next(der::tag::boolean);
    const auto value = parts.next(der::tag::octet_string);
    const auto oid = id ? der::oid_text(id->content) : std::nullopt;
    if (!oid || !value || !parts.at_end() || (critical && critical->content.size() != 1)) {
      return malformed("an extension cannot be read");
    }
    // RFC 5280 §4.2: "A certificate MUST NOT include more than one instance of a particular extension."
    if (std::ranges::find(out, *oid, &RequestedExtension::oid) != out.end()) {
      return malformed(fmt::format("the extension {} is asked for twice", *oid));
    }
    out.push_back({*oid, critical && critical->content[0] != 0, to_bytes(value->content)});
  }
  return out;
}

// attributes [0]: SET OF SEQUENCE { type, values SET }. Attributes that ask for no extension are passed over.
Result<std::vector<RequestedExtension>> read_attributes(ByteView attributes) {
  std::vector<RequestedExtension> out;
  der::Reader reader(attributes);
  while (!reader.at_end()) {
    const auto attribute = reader.next(der::tag::sequence);
    if (!attribute) return malformed("an attribute cannot be read");
    der::Reader parts(attribute->content);
    const auto type = parts.next(der::tag::object_identifier);
    const auto values = parts.next(der::tag::set);
    const auto oid = type ? der::oid_text(type->content) : std::nullopt;
    if (!oid || !values || !parts.at_end()) return malformed("an attribute cannot be read");
    if (*oid != kExtensionRequest && *oid != kMicrosoftExtensionRequest) continue;
    if (!out.empty()) return malformed("extensions are asked for in two attributes");
    out = TRY(read_extensions(values->content));
  }
  return out;
}

std::optional<std::uint16_t> read_key_usage(ByteView value) {
  const auto bits = der::only(value, der::tag::bit_string);
  if (!bits || bits->content.size() < 2 || bits->content.size() > 3) return std::nullopt;
  std::uint16_t usage = 0;
  for (std::size_t bit = 0; bit < 9 && 1 + bit / 8 < bits->content.size(); ++bit) {
    if ((bits->content[1 + bit / 8] & 0x80U >> bit % 8) != 0) usage = static_cast<std::uint16_t>(usage | 1U << bit);
  }
  return usage;
}

std::optional<std::vector<std::string>> read_purposes(ByteView value) {
  const auto list = der::only(value, der::tag::sequence);
  if (!list) return std::nullopt;
  std::vector<std::string> out;
  der::Reader reader(list->content);
  while (!reader.at_end()) {
    const auto id = reader.next(der::tag::object_identifier);
    const auto oid = id ? der::oid_text(id->content) : std::nullopt;
    if (!oid) return std::nullopt;
    out.push_back(*oid);
  }
  return out;
}

std::optional<bool> read_ca(ByteView value) {
  const auto list = der::only(value, der::tag::sequence);
  if (!list) return std::nullopt;
  der::Reader reader(list->content);
  const auto ca = reader.next(der::tag::boolean);
  return ca && ca->content.size() == 1 && ca->content[0] != 0;
}

// The digest of a signature algorithm by OpenSSL's number; NID_undef where it is part of the algorithm (Ed25519).
int digest_of(const der::Element& algorithm) {
  const auto number_of = [](const std::optional<der::Element>& id) {
    const auto oid = id ? der::oid_text(id->content) : std::nullopt;
    const int number = oid ? OBJ_txt2nid(oid->c_str()) : NID_undef;
    ERR_clear_error();
    return number;
  };
  der::Reader parts(algorithm.content);
  const int signature = number_of(parts.next(der::tag::object_identifier));
  if (signature == NID_rsassaPss) {
    // RFC 4055 §3.1: RSASSA-PSS-params ::= SEQUENCE { hashAlgorithm [0] DEFAULT sha1Identifier, ... }
    const auto parameters = parts.next(der::tag::sequence);
    der::Reader fields(parameters ? parameters->content : ByteView());
    const auto hash = fields.next(der::tag::context(0));
    const auto identifier = hash ? der::only(hash->content, der::tag::sequence) : std::nullopt;
    if (!identifier) return NID_sha1;
    der::Reader name(identifier->content);
    return number_of(name.next(der::tag::object_identifier));
  }
  int digest = NID_undef;
  OBJ_find_sigid_algs(signature, &digest, nullptr);
  return digest;
}

}  // namespace

struct CertificateRequest::Impl {
  Bytes der;
  DistinguishedName subject;
  crypto::PublicKey key;
  std::vector<RequestedExtension> extensions = {};
  std::vector<GeneralName> alt_names = {};
  std::optional<std::uint16_t> key_usage = {};
  std::vector<std::string> extended_key_usage = {};
  bool asks_to_be_ca = false;

  Status decode_extensions() {
    for (const RequestedExtension& extension : extensions) {
      bool good = true;
      if (extension.oid == kSubjectAltName) {
        auto names = decode_general_names(extension.value);
        good = names.has_value();
        if (good) alt_names = std::move(*names);
      } else if (extension.oid == kKeyUsage) {
        key_usage = read_key_usage(extension.value);
        good = key_usage.has_value();
      } else if (extension.oid == kExtendedKeyUsage) {
        auto purposes = read_purposes(extension.value);
        good = purposes.has_value();
        if (good) extended_key_usage = std::move(*purposes);
      } else if (extension.oid == kBasicConstraints) {
        const auto ca = read_ca(extension.value);
        good = ca.has_value();
        asks_to_be_ca = ca.value_or(false);
      }
      if (!good) return malformed(fmt::format("the extension {} cannot be read", extension.oid));
    }
    return {};
  }
};

// RFC 2986 §4:
//   CertificationRequest ::= SEQUENCE { certificationRequestInfo, signatureAlgorithm, signature BIT STRING }
//   CertificationRequestInfo ::= SEQUENCE { version INTEGER { v1(0) }, subject Name, subjectPKInfo, attributes [0] }
Result<CertificateRequest> CertificateRequest::from_der(ByteView der) {
  if (der.size() > kLargestRequest) {
    return fail(Code::request_malformed, "{} octets; at most {} are read", der.size(), kLargestRequest);
  }
  const auto outer = der::only(der, der::tag::sequence);
  if (!outer) return malformed("not one SEQUENCE in DER");
  der::Reader reader(outer->content);
  const auto info = reader.next(der::tag::sequence);
  const auto algorithm = reader.next(der::tag::sequence);
  const auto signature_bits = reader.next(der::tag::bit_string);
  const auto signature = signature_bits ? der::whole_octets(*signature_bits) : std::nullopt;
  if (!info || !algorithm || !signature || !reader.at_end()) return malformed("not a CertificationRequest");

  der::Reader fields(info->content);
  const auto version = fields.next(der::tag::integer);
  const auto subject = fields.next(der::tag::sequence);
  const auto spki = fields.next(der::tag::sequence);
  const auto attributes = fields.next(der::tag::context(0));  // absent in requests of some devices: none are meant
  if (!version || !subject || !spki || !fields.at_end()) return malformed("not a CertificationRequestInfo");
  if (version->content.size() != 1 || version->content[0] != 0) return malformed("not of version 1");

  auto name = DistinguishedName::from_der(subject->whole);
  if (!name) return malformed(fmt::format("the subject cannot be read: {}", name.error().words));
  auto key = TRY(crypto::PublicKey::from_spki(spki->whole));
  auto impl = std::make_shared<Impl>(Impl{.der = to_bytes(der), .subject = std::move(*name), .key = std::move(key)});
  if (attributes) impl->extensions = TRY(read_attributes(attributes->content));
  TRY(impl->decode_extensions());
  if (const int digest = digest_of(*algorithm); is_weak_digest(digest)) {
    return fail(Code::request_weak_signature, "{} proves nothing any more", OBJ_nid2ln(digest));
  }
  if (!crypto::verify_signature(impl->key, algorithm->whole, info->whole, *signature)) {
    return fail(Code::request_bad_signature, "the signature does not fit the {} key", impl->key.description());
  }
  return CertificateRequest(std::move(impl));
}

namespace {

Bytes encode_attributes(ByteView alt_names) {
  if (alt_names.empty()) return der::element(der::tag::context(0), ByteView());
  const Bytes id = der::object_identifier(kSubjectAltName);
  const Bytes value = der::element(der::tag::octet_string, alt_names);
  const Bytes extensions = der::element(der::tag::sequence, der::element(der::tag::sequence, {id, value}));
  const Bytes type = der::object_identifier(kExtensionRequest);
  const Bytes values = der::element(der::tag::set, extensions);
  return der::element(der::tag::context(0), der::element(der::tag::sequence, {type, values}));
}

crypto::PrivateKey shared(const crypto::PrivateKey& key) {
  EVP_PKEY_up_ref(key.get());
  return crypto::PrivateKey::from_handle(crypto::EvpKey(key.get()));
}

}  // namespace

Result<CertificateRequest> make_request(const crypto::PrivateKey& key, const DistinguishedName& subject,
                                        const std::vector<GeneralName>& names) {
  const auto signer = TRY(crypto::make_signer(shared(key)));
  const Bytes alt_names = names.empty() ? Bytes() : TRY(encode_general_names(names));
  const Bytes attributes = encode_attributes(alt_names);
  const Bytes version = der::unsigned_integer(0);
  const Bytes info =
      der::element(der::tag::sequence, {version, subject.der(), signer->public_key().spki(), attributes});
  const Bytes signature = der::bit_string(TRY(signer->sign(info)));
  return CertificateRequest::from_der(
      der::element(der::tag::sequence, {info, signer->algorithm_identifier(), signature}));
}

Result<CertificateRequest> CertificateRequest::from_file_content(std::string_view content, std::string where) {
  const auto placed = [&](Result<CertificateRequest> result) {
    if (!result && result.error().where.empty()) result.error().where = where;
    return result;
  };
  if (!looks_like_pem(content)) return placed(from_der(as_bytes(content)));
  const PemBlock* found = nullptr;
  const auto blocks = TRY(parse_pem(content, where));
  for (const PemBlock& block : blocks) {
    if (block.label != "CERTIFICATE REQUEST" && block.label != "NEW CERTIFICATE REQUEST") continue;
    if (found != nullptr) return placed(malformed("there are two requests"));
    found = &block;
  }
  if (found == nullptr) return placed(malformed("there is no CERTIFICATE REQUEST block"));
  return placed(from_der(found->der));
}

ByteView CertificateRequest::der() const { return impl_->der; }
std::string CertificateRequest::pem() const { return encode_pem("CERTIFICATE REQUEST", impl_->der); }
const DistinguishedName& CertificateRequest::subject() const { return impl_->subject; }
const crypto::PublicKey& CertificateRequest::public_key() const { return impl_->key; }
const std::vector<GeneralName>& CertificateRequest::subject_alt_names() const { return impl_->alt_names; }
std::optional<std::uint16_t> CertificateRequest::key_usage() const { return impl_->key_usage; }
const std::vector<std::string>& CertificateRequest::extended_key_usage() const { return impl_->extended_key_usage; }
bool CertificateRequest::asks_to_be_ca() const { return impl_->asks_to_be_ca; }
const std::vector<RequestedExtension>& CertificateRequest::extensions() const { return impl_->extensions; }

}  // namespace symbolon::x509
