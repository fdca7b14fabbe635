#include "x509/certificate.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <mutex>

#include "crypto/openssl_error.h"
#include "x509/name_text.h"
#include "x509/pem.h"

namespace symbolon::x509 {
namespace {

using AltNames = crypto::Handle<GENERAL_NAMES, GENERAL_NAMES_free>;
using KeyIdentifier = crypto::Handle<AUTHORITY_KEYID, AUTHORITY_KEYID_free>;
using Usages = crypto::Handle<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free>;
using Constraints = crypto::Handle<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free>;
using InfoAccess = crypto::Handle<AUTHORITY_INFO_ACCESS, AUTHORITY_INFO_ACCESS_free>;

ByteView octets_of(const ASN1_STRING* text) {
  return {ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string dotted(const ASN1_OBJECT* object) {
  char text[128];
  const int size = OBJ_obj2txt(text, sizeof text, object, 1);
  return {text, static_cast<std::size_t>(std::clamp(size, 0, static_cast<int>(sizeof text) - 1))};
}

UnixSeconds time_of(const ASN1_TIME* time, std::string& malformed) {
  std::tm parts = {};
  if (ASN1_TIME_to_tm(time, &parts) != 1) {
    malformed = "validity";
    return {};
  }
  return {timegm(&parts)};
}

const ASN1_OBJECT* profile_object() {
  static const ASN1_OBJECT* const kObject = OBJ_txt2obj(std::string(kProfileOid).c_str(), 1);
  return kObject;
}

bool is_http_url(std::string_view uri) {
  constexpr std::string_view kScheme = "http://";
  const auto visible = [](char c) { return c > ' ' && c < '\x7f'; };
  return uri.size() > kScheme.size() && equal_ignoring_case(uri.substr(0, kScheme.size()), kScheme) &&
         std::ranges::all_of(uri, visible);
}

std::vector<std::string> ocsp_urls_of(const X509* certificate) {
  std::vector<std::string> out;
  const InfoAccess list(
      static_cast<AUTHORITY_INFO_ACCESS*>(X509_get_ext_d2i(certificate, NID_info_access, nullptr, nullptr)));
  const int count = list ? sk_ACCESS_DESCRIPTION_num(list.get()) : 0;
  for (int i = 0; i < count; ++i) {
    const ACCESS_DESCRIPTION* const access = sk_ACCESS_DESCRIPTION_value(list.get(), i);
    if (OBJ_obj2nid(access->method) != NID_ad_OCSP || access->location->type != GEN_URI) continue;
    const std::string_view uri = as_text(octets_of(access->location->d.uniformResourceIdentifier));
    if (is_http_url(uri)) out.emplace_back(uri);
  }
  ERR_clear_error();
  return out;
}

}  // namespace

struct Certificate::Impl {
  crypto::X509Handle handle;
  Bytes der;
  Fingerprint fingerprint;
  SerialNumber serial;
  DistinguishedName subject;
  DistinguishedName issuer;
  Validity validity;
  std::optional<crypto::PublicKey> key;
  std::vector<GeneralName> alt_names;
  BasicConstraints basic;
  std::optional<std::uint16_t> key_usage;
  std::vector<std::string> extended_key_usage;
  std::optional<Bytes> subject_key_identifier;
  std::optional<Bytes> authority_key_identifier;
  std::optional<std::string> profile;
  std::string malformed;
  mutable std::once_flag self_signed_once;
  mutable bool self_signed = false;
  mutable std::once_flag ocsp_urls_once;
  mutable std::vector<std::string> ocsp_urls;

  void decode();
  void decode_key();
  void decode_constraints();
  void decode_usages();
  void decode_profile();

  // The decoded extension, or null; what is there but unreadable, or twice, is noted.
  template <typename Owner>
  Owner extension(int nid, std::string_view what, int* critical = nullptr) {
    int found = 0;
    Owner out(static_cast<typename Owner::pointer>(X509_get_ext_d2i(handle.get(), nid, &found, nullptr)));
    if (!out && found != -1) malformed = what;
    if (critical != nullptr) *critical = found;
    return out;
  }
};

void Certificate::Impl::decode() {
  const X509* const raw = handle.get();
  unsigned char* encoded = nullptr;
  if (const int size = i2d_X509(raw, &encoded); size > 0) der.assign(encoded, encoded + size);
  OPENSSL_free(encoded);
  fingerprint.octets = crypto::sha256(der);
  subject = DistinguishedName::from_handle(X509_get_subject_name(raw));
  issuer = DistinguishedName::from_handle(X509_get_issuer_name(raw));
  validity = {time_of(X509_get0_notBefore(raw), malformed), time_of(X509_get0_notAfter(raw), malformed)};
  const ASN1_INTEGER* const number = X509_get0_serialNumber(raw);
  auto read = SerialNumber::from_magnitude(octets_of(number));  // OpenSSL keeps sign and magnitude
  if (read && ASN1_STRING_type(number) != V_ASN1_NEG_INTEGER) {
    serial = *read;
  } else {
    malformed = "serialNumber";
  }
  decode_key();
  decode_constraints();
  decode_usages();
  decode_profile();
  ERR_clear_error();
}

void Certificate::Impl::decode_key() {
  key = crypto::PublicKey::from_info(X509_get_X509_PUBKEY(handle.get()));
  if (key) return;
  malformed = "subjectPublicKeyInfo";
  key = crypto::PublicKey::unreadable();
}

void Certificate::Impl::decode_constraints() {
  int critical = 0;
  if (const auto constraints = extension<Constraints>(NID_basic_constraints, "basicConstraints", &critical)) {
    basic = {true, critical == 1, constraints->ca != 0, std::nullopt};
    if (constraints->pathlen != nullptr) {
      const long length = ASN1_INTEGER_get(constraints->pathlen);
      if (length < 0 || length > 1000) malformed = "basicConstraints";
      basic.path_length = static_cast<int>(std::clamp(length, 0L, 1000L));
    }
  }
  alt_names = from_general_names(extension<AltNames>(NID_subject_alt_name, "subjectAltName").get());
  if (const auto id = extension<crypto::Asn1String>(NID_subject_key_identifier, "subjectKeyIdentifier")) {
    subject_key_identifier = to_bytes(octets_of(id.get()));
  }
  if (const auto id = extension<KeyIdentifier>(NID_authority_key_identifier, "authorityKeyIdentifier");
      id && id->keyid) {
    authority_key_identifier = to_bytes(octets_of(id->keyid));
  }
}

void Certificate::Impl::decode_usages() {
  if (const auto bits = extension<crypto::Asn1String>(NID_key_usage, "keyUsage")) {
    const ByteView octets = octets_of(bits.get());
    std::uint16_t usage = 0;
    for (std::size_t bit = 0; bit < 9 && bit / 8 < octets.size(); ++bit) {
      if ((octets[bit / 8] & (0x80U >> (bit % 8))) != 0) usage = static_cast<std::uint16_t>(usage | 1U << bit);
    }
    key_usage = usage;
  }
  const auto usages = extension<Usages>(NID_ext_key_usage, "extKeyUsage");
  const int count = usages ? sk_ASN1_OBJECT_num(usages.get()) : 0;
  for (int i = 0; i < count; ++i) extended_key_usage.push_back(dotted(sk_ASN1_OBJECT_value(usages.get(), i)));
}

void Certificate::Impl::decode_profile() {
  const int at = X509_get_ext_by_OBJ(handle.get(), profile_object(), -1);
  if (at < 0) return;
  const ByteView value = octets_of(X509_EXTENSION_get_data(X509_get_ext(handle.get(), at)));
  const unsigned char* content = value.data();
  const crypto::Asn1String text(d2i_ASN1_UTF8STRING(nullptr, &content, static_cast<long>(value.size())));
  if (text && content == value.data() + value.size()) {
    profile = as_text(octets_of(text.get()));
  } else {
    malformed = "profile";
  }
}

Result<Certificate> Certificate::from_der(ByteView der) {
  const unsigned char* at = der.data();
  const crypto::X509Handle handle(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!handle) return crypto::openssl_failure(Code::certificate_malformed, "not a certificate in DER");
  if (at != der.data() + der.size())
    return fail(Code::certificate_malformed, "there are octets behind the certificate");
  return from_handle(handle.get());
}

Certificate Certificate::from_handle(X509* certificate) {
  auto impl = std::make_shared<Impl>();
  X509_up_ref(certificate);
  impl->handle.reset(certificate);
  impl->decode();
  return Certificate(std::move(impl));
}

Result<std::vector<Certificate>> Certificate::from_pem(std::string_view pem, std::string_view where) {
  std::vector<Certificate> out;
  for (const PemBlock& block : TRY(parse_pem(pem, where))) {
    if (block.label != "CERTIFICATE" && block.label != "X509 CERTIFICATE") continue;
    auto certificate = from_der(block.der);
    if (!certificate) {
      return fail_at(where.empty() ? fmt::format("line {}", block.line) : fmt::format("{}:{}", where, block.line),
                     Code::certificate_malformed, "certificate {}: {}", out.size() + 1, certificate.error().words);
    }
    out.push_back(std::move(*certificate));
  }
  return out;
}

Result<std::vector<Certificate>> Certificate::from_file_content(std::string_view content, std::string_view where) {
  if (looks_like_pem(content) || content.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return from_pem(content, where);
  auto certificate = from_der(as_bytes(content));
  if (!certificate) {
    return fail_at(std::string(where), Code::certificate_malformed, "neither PEM nor a certificate in DER");
  }
  return std::vector<Certificate>{std::move(*certificate)};
}

ByteView Certificate::der() const { return impl_->der; }
std::string Certificate::pem() const { return encode_pem("CERTIFICATE", impl_->der); }
const Fingerprint& Certificate::fingerprint() const { return impl_->fingerprint; }
int Certificate::version() const { return static_cast<int>(X509_get_version(impl_->handle.get())) + 1; }
const SerialNumber& Certificate::serial() const { return impl_->serial; }
const DistinguishedName& Certificate::subject() const { return impl_->subject; }
const DistinguishedName& Certificate::issuer() const { return impl_->issuer; }
const Validity& Certificate::validity() const { return impl_->validity; }
const crypto::PublicKey& Certificate::public_key() const { return *impl_->key; }
const std::vector<GeneralName>& Certificate::subject_alt_names() const { return impl_->alt_names; }
const BasicConstraints& Certificate::basic_constraints() const { return impl_->basic; }
std::optional<std::uint16_t> Certificate::key_usage() const { return impl_->key_usage; }
const std::vector<std::string>& Certificate::extended_key_usage() const { return impl_->extended_key_usage; }
const std::optional<Bytes>& Certificate::subject_key_identifier() const { return impl_->subject_key_identifier; }
const std::optional<Bytes>& Certificate::authority_key_identifier() const { return impl_->authority_key_identifier; }
const std::optional<std::string>& Certificate::profile() const { return impl_->profile; }
const std::string& Certificate::malformed() const { return impl_->malformed; }
X509* Certificate::get() const { return impl_->handle.get(); }

std::string Certificate::signature_algorithm() const {
  const int nid = X509_get_signature_nid(impl_->handle.get());
  return nid == NID_undef ? "unknown" : OBJ_nid2ln(nid);
}

bool Certificate::self_signed() const {
  std::call_once(impl_->self_signed_once, [this] {
    impl_->self_signed = X509_self_signed(impl_->handle.get(), 1) == 1;
    ERR_clear_error();
  });
  return impl_->self_signed;
}

const std::vector<std::string>& Certificate::ocsp_urls() const {
  std::call_once(impl_->ocsp_urls_once, [this] { impl_->ocsp_urls = ocsp_urls_of(impl_->handle.get()); });
  return impl_->ocsp_urls;
}

std::string Certificate::text() const {
  const std::string name = subject().empty() ? x509::text(subject_alt_names()) : subject().text();
  return fmt::format("{} (serial {})", name, serial().hex());
}

std::string to_pem(const std::vector<Certificate>& chain) {
  std::string out;
  for (const Certificate& certificate : chain) out += certificate.pem();
  return out;
}

}  // namespace symbolon::x509
