#include "x509/lint_extensions.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "x509/certificate_template.h"
#include "x509/der_writer.h"
#include "x509/general_name_der.h"
#include "x509/lint_names.h"
#include "x509/path_names.h"

namespace symbolon::x509 {
namespace {

constexpr std::string_view kSubjectKeyIdentifier = "2.5.29.14";
constexpr std::string_view kKeyUsage = "2.5.29.15";
constexpr std::string_view kSubjectAltName = "2.5.29.17";
constexpr std::string_view kBasicConstraints = "2.5.29.19";
constexpr std::string_view kNameConstraints = "2.5.29.30";
constexpr std::string_view kCrlDistributionPoints = "2.5.29.31";
constexpr std::string_view kAuthorityKeyIdentifier = "2.5.29.35";
constexpr std::string_view kExtendedKeyUsage = "2.5.29.37";
constexpr std::string_view kFreshestCrl = "2.5.29.46";
constexpr std::string_view kAuthorityInfoAccess = "1.3.6.1.5.5.7.1.1";
constexpr std::uint8_t kUri = 0x86;  // GeneralName: [6] IMPLICIT IA5String

enum class Where : std::uint8_t { anywhere, leaf_only, ca_only };
enum class Criticality : std::uint8_t { must, must_not, depends };

struct ExtensionRule {
  std::string_view oid;
  Where where;
  Criticality critical;  // depends: said by the rule of the extension itself
};
// What our profiles can put into a certificate; anything else is lint_extension_unlisted.
constexpr ExtensionRule kKnown[] = {
    {kSubjectKeyIdentifier, Where::anywhere, Criticality::must_not},    // RFC 5280 §4.2.1.2
    {kAuthorityKeyIdentifier, Where::anywhere, Criticality::must_not},  // §4.2.1.1
    {kKeyUsage, Where::anywhere, Criticality::depends},
    {kBasicConstraints, Where::anywhere, Criticality::depends},
    {kSubjectAltName, Where::leaf_only, Criticality::depends},
    {kExtendedKeyUsage, Where::leaf_only, Criticality::must_not},  // §4.2.1.12 leaves it open; importers do not
    {kNameConstraints, Where::anywhere, Criticality::depends},
    {kCrlDistributionPoints, Where::anywhere, Criticality::must_not},  // §4.2.1.13
    {kFreshestCrl, Where::leaf_only, Criticality::must_not},           // §4.2.1.15: "MUST be marked as non-critical"
    {kAuthorityInfoAccess, Where::anywhere, Criticality::must_not},    // §4.2.2.1
    {kNoRevAvailOid, Where::anywhere, Criticality::depends},
    {kOcspNoCheckOid, Where::leaf_only, Criticality::must_not},
    {kProfileOid, Where::leaf_only, Criticality::must_not},
};

std::optional<std::uint16_t> read_bits(ByteView value) {
  const auto bits = der::only(value, der::tag::bit_string);
  if (!bits || bits->content.size() < 2 || bits->content.size() > 3) return std::nullopt;
  std::uint16_t out = 0;
  for (std::size_t i = 0; i < 16 && 1 + i / 8 < bits->content.size(); ++i) {
    if ((bits->content[1 + i / 8] & 0x80U >> i % 8) != 0) out = static_cast<std::uint16_t>(out | 1U << i);
  }
  // X.690 §11.2.2: a named bit list is encoded without trailing zero bits.
  const Bytes again = der::named_bits(out);
  return std::ranges::equal(again, value) ? std::optional(out) : std::nullopt;
}

class ExtensionLint {
 public:
  ExtensionLint(const TbsFields& fields, const crypto::PublicKey& key, const LintRules& rules,
                std::vector<Finding>& findings)
      : fields_(fields), key_(key), rules_(rules), findings_(findings) {}

  void run() {
    list();
    basic_constraints();
    key_usage();
    purposes();
    key_identifiers();
    alt_names();
    name_constraints();
    distribution_points();
    info_access();
    no_rev_avail();
    ocsp();
    profile();
  }

 private:
  bool is_leaf() const { return rules_.kind == LintKind::leaf; }
  const TbsExtension* find(std::string_view oid) const {
    const auto found = std::ranges::find(fields_.extensions, oid, &TbsExtension::oid);
    return found == fields_.extensions.end() ? nullptr : &*found;
  }
  void report(Code code, std::string words, const TbsExtension* extension = nullptr) {
    const std::size_t index =
        extension == nullptr ? 0 : static_cast<std::size_t>(extension - fields_.extensions.data());
    findings_.push_back({.code = code, .index = index, .words = std::move(words)});
  }

  void list() {
    for (const TbsExtension& extension : fields_.extensions) {
      if (find(extension.oid) != &extension) report(Code::lint_extension_twice, extension.oid, &extension);
      if (extension.false_is_written) {
        report(Code::lint_encoding, fmt::format("{}: critical FALSE is written", extension.oid), &extension);
      }
      const auto* const rule = std::ranges::find(kKnown, std::string_view(extension.oid), &ExtensionRule::oid);
      if (rule == std::end(kKnown) || (rule->where == Where::leaf_only && !is_leaf())) {
        report(Code::lint_extension_unlisted, extension.oid, &extension);
      } else if (rule->critical == Criticality::must_not && extension.critical) {
        report(Code::lint_extension_critical, fmt::format("{} must not be critical", extension.oid), &extension);
      }
    }
  }

  // RFC 5280 §4.2.1.9: "Conforming CAs MUST include this extension in all CA certificates that contain public keys used
  // to validate digital signatures on certificates and MUST mark the extension as critical in such certificates."
  void basic_constraints() {
    constexpr Code kCode = Code::lint_basic_constraints;
    const TbsExtension* const extension = find(kBasicConstraints);
    if (extension == nullptr) {
      if (!is_leaf()) report(kCode, "a CA needs it");
      return;
    }
    const auto content = der::only(extension->value, der::tag::sequence);
    if (!content) return report(kCode, "it cannot be read", extension);
    der::Reader reader(content->content);
    const auto ca = reader.next(der::tag::boolean);
    const auto length = reader.next(der::tag::integer);
    const bool is_ca = ca && ca->content.size() == 1 && ca->content[0] == 0xff;
    if (!reader.at_end() || (ca && !is_ca) || (length && !is_ca)) {
      return report(kCode, "it is not DER, or holds a path length without cA", extension);
    }
    if (is_ca == is_leaf()) return report(kCode, is_ca ? "a leaf must not be a CA" : "cA is not TRUE", extension);
    if (is_leaf()) return;
    if (!extension->critical) report(kCode, "it must be critical in a CA", extension);
    const bool zero = length && length->content.size() == 1 && length->content[0] == 0;
    if (rules_.kind == LintKind::issuing_ca && !zero) report(kCode, "an issuing CA has pathLen 0", extension);
  }

  void key_usage() {
    constexpr Code kCode = Code::lint_key_usage;
    const TbsExtension* const extension = find(kKeyUsage);
    if (extension == nullptr) return report(kCode, "it is missing");
    const auto usage = read_bits(extension->value);
    // RFC 5280 §4.2.1.3: "When the keyUsage extension appears in a certificate, at least one of the bits MUST be set".
    if (!usage || *usage == 0) return report(kCode, "it is empty or cannot be read", extension);
    if (!extension->critical) report(kCode, "it must be critical", extension);
    const bool signs = (*usage & (key_cert_sign | crl_sign)) != 0;
    if (is_leaf() && signs)
      report(rules_.svid ? Code::lint_svid_ca : kCode, "a leaf must not sign certificates or CRLs", extension);
    if (!is_leaf() && (*usage & key_cert_sign) == 0) report(kCode, "a CA needs keyCertSign", extension);
    if (rules_.key_usage && *rules_.key_usage != *usage) {
      report(kCode, fmt::format("{:#x} where the profile says {:#x}", *usage, *rules_.key_usage), extension);
    }
    // RFC 5480 §3, RFC 8410 §5: these keys do not encrypt; Ed25519 does not agree on keys either.
    const std::string kind = key_.description();
    const bool rsa = kind.starts_with("RSA");
    const std::uint16_t encipher = key_encipherment | data_encipherment;
    const std::uint16_t agree = key_agreement | encipher_only | decipher_only;
    const auto never = static_cast<std::uint16_t>(rsa ? agree : kind == "Ed25519" ? encipher | agree : encipher);
    if ((*usage & never) != 0) report(kCode, fmt::format("{:#x} does not fit a {} key", *usage, kind), extension);
  }

  void purposes() {
    constexpr Code kCode = Code::lint_extended_key_usage;
    const TbsExtension* const extension = find(kExtendedKeyUsage);
    if (extension == nullptr) {
      if (is_leaf()) report(kCode, "it is missing");
      return;
    }
    const auto content = der::only(extension->value, der::tag::sequence);
    if (!content || content->content.empty()) return report(kCode, "it is empty or cannot be read", extension);
    der::Reader reader(content->content);
    while (!reader.at_end()) {
      const auto id = reader.next(der::tag::object_identifier);
      const auto oid = id ? der::oid_text(id->content) : std::nullopt;
      if (!oid) return report(kCode, "it cannot be read", extension);
      purposes_.push_back(*oid);
    }
    if (has_purpose(eku::kAny)) report(kCode, "anyExtendedKeyUsage is among them", extension);
    if (rules_.extended_key_usage && *rules_.extended_key_usage != purposes_) {
      report(kCode,
             fmt::format("{} where the profile says {}", fmt::join(purposes_, ", "),
                         fmt::join(*rules_.extended_key_usage, ", ")),
             extension);
    }
    if (rules_.issuer != nullptr) purposes_within(*rules_.issuer, extension);
    for (const Certificate& ca : rules_.above) purposes_within(ca, extension);
  }

  // Path verification (path_rules.h) takes extendedKeyUsage of a CA as a bound for what is below it, as every library
  // does: beyond it nobody would accept the certificate.
  void purposes_within(const Certificate& ca, const TbsExtension* extension) {
    const std::vector<std::string>& allowed = ca.extended_key_usage();
    const auto has = [&](std::string_view oid) { return std::ranges::find(allowed, oid) != allowed.end(); };
    if (allowed.empty() || has(eku::kAny)) return;
    for (const std::string& purpose : purposes_) {
      if (has(purpose)) continue;
      report(Code::lint_outside_issuer_purposes,
             fmt::format("{} is only for {}, not for {}", ca.text(), fmt::join(allowed, ", "), purpose), extension);
    }
  }

  bool has_purpose(std::string_view purpose) const { return std::ranges::find(purposes_, purpose) != purposes_.end(); }

  // RFC 5280 §4.2.1.2: "this extension MUST appear in all conforming CA certificates"; §4.2.1.1: "The keyIdentifier
  // field of the authorityKeyIdentifier extension MUST be included in all certificates generated by conforming CAs",
  // but for a self-signed one.
  void key_identifiers() {
    constexpr Code kCode = Code::lint_key_identifiers;
    const TbsExtension* const own = find(kSubjectKeyIdentifier);
    const auto own_id = own != nullptr ? der::only(own->value, der::tag::octet_string) : std::nullopt;
    if (!own_id || !std::ranges::equal(own_id->content, key_.key_identifier())) {
      report(kCode, "subjectKeyIdentifier is missing or not that of the key", own);
    }
    const TbsExtension* const authority = find(kAuthorityKeyIdentifier);
    if (rules_.issuer == nullptr && authority == nullptr) return;
    const auto content = authority != nullptr ? der::only(authority->value, der::tag::sequence) : std::nullopt;
    const auto id = content ? der::only(content->content, 0x80) : std::nullopt;
    if (!id) return report(kCode, "authorityKeyIdentifier is missing or holds other than a keyIdentifier", authority);
    Bytes expected = to_bytes(key_.key_identifier());
    if (rules_.issuer != nullptr) {
      const crypto::Sha1& computed = rules_.issuer->public_key().key_identifier();
      expected = rules_.issuer->subject_key_identifier().value_or(to_bytes(computed));
    }
    if (!std::ranges::equal(id->content, expected)) {
      report(kCode, "authorityKeyIdentifier is not the issuer's subjectKeyIdentifier", authority);
    }
  }

  void alt_names() {
    const TbsExtension* const extension = find(kSubjectAltName);
    std::vector<GeneralName> names;
    if (extension != nullptr) {
      auto decoded = decode_general_names(extension->value);
      if (!decoded || !der::well_formed(extension->value)) {
        return report(Code::lint_san_malformed, "it cannot be read", extension);
      }
      names = std::move(*decoded);
      // RFC 5280 §4.2.1.6: "If the subjectAltName extension is present, the sequence MUST contain at least one entry."
      if (names.empty()) report(Code::lint_san_empty, "it holds no name", extension);
      if (extension->critical && !fields_.subject.content.empty()) {
        report(Code::lint_extension_critical, "subjectAltName is critical beside a subject", extension);
      }
      lint_alt_names(names, [&](Code code, std::string words) { report(code, std::move(words), extension); });
    }
    if (names.size() < rules_.least_names) {
      report(Code::lint_san_missing, fmt::format("{} names, at least {} are needed", names.size(), rules_.least_names));
    }
    if (rules_.svid) {
      lint_spiffe_uri(names, [&](Code code, std::string words) { report(code, std::move(words), extension); });
    }
  }

  // RFC 5280 §4.2.1.10: "MUST be used only in a CA certificate", "MUST mark this extension as critical", "MUST NOT
  // issue certificates where name constraints is an empty sequence"; minimum and maximum are not used.
  void name_constraints() {
    constexpr Code kCode = Code::lint_name_constraints;
    const TbsExtension* const extension = find(kNameConstraints);
    if (extension == nullptr) return;
    if (is_leaf()) report(kCode, "it stands in a leaf", extension);
    if (!extension->critical) report(kCode, "it must be critical", extension);
    const auto content = der::only(extension->value, der::tag::sequence);
    if (!content || content->content.empty()) return report(kCode, "it is empty or cannot be read", extension);
    der::Reader reader(content->content);
    const auto permitted = reader.next(der::tag::context(0));
    const auto excluded = reader.next(der::tag::context(1));
    const auto good = [](const std::optional<der::Element>& subtrees) {
      if (!subtrees) return true;
      der::Reader list(subtrees->content);
      if (list.at_end()) return false;
      while (!list.at_end()) {
        const auto subtree = list.next(der::tag::sequence);
        if (!subtree) return false;
        der::Reader parts(subtree->content);
        if (!parts.next() || !parts.at_end()) return false;
      }
      return true;
    };
    if (!reader.at_end() || !good(permitted) || !good(excluded)) {
      report(kCode, "it is not DER, is empty, or holds minimum or maximum", extension);
    }
  }

  // RFC 5280 §4.2.1.13: "When present, DistributionPointName SHOULD include at least one LDAP or HTTP URI"; "a
  // DistributionPoint MUST NOT consist of only the reasons field". Ours have one URI each, and nothing else.
  // §4.2.1.15: freshestCRL likewise.
  void distribution_points() {
    one_place(kCrlDistributionPoints, rules_.crl_url, "the CRL's place");
    one_place(kFreshestCrl, rules_.freshest_crl_url, "the delta CRL's place");
  }
  void one_place(std::string_view oid, const std::optional<std::string>& expected, std::string_view what) {
    if (!expected) return;
    const TbsExtension* const extension = find(oid);
    std::optional<der::Element> part;
    if (extension != nullptr) part = der::only(extension->value, der::tag::sequence);
    for (const std::uint8_t tag : {der::tag::sequence, der::tag::context(0), der::tag::context(0), kUri}) {
      if (part) part = der::only(part->content, tag);
    }
    if (extension != nullptr && !part) {
      return report(Code::lint_extension_unlisted, fmt::format("{} is other than one URI", what), extension);
    }
    const std::string_view url = part ? as_text(part->content) : std::string_view();
    if (url == *expected) return;
    report(Code::lint_extension_unlisted, fmt::format("{} is '{}' where the profile says '{}'", what, url, *expected),
           extension);
  }

  // RFC 5280 §4.2.2.1. Ours have one AccessDescription: id-ad-ocsp with a URI.
  void info_access() {
    if (!rules_.ocsp_url) return;
    constexpr std::string_view kOcsp = "1.3.6.1.5.5.7.48.1";
    const TbsExtension* const extension = find(kAuthorityInfoAccess);
    std::string_view url;
    if (extension != nullptr) {
      const auto list = der::only(extension->value, der::tag::sequence);
      const auto access = list ? der::only(list->content, der::tag::sequence) : std::nullopt;
      der::Reader reader(access ? access->content : ByteView());
      const auto method = reader.next(der::tag::object_identifier);
      const auto uri = reader.next(kUri);
      if (!method || der::oid_text(method->content) != kOcsp || !uri || !reader.at_end()) {
        return report(Code::lint_extension_unlisted, "authorityInfoAccess is other than one URI of OCSP", extension);
      }
      url = as_text(uri->content);
    }
    if (url == *rules_.ocsp_url) return;
    report(Code::lint_extension_unlisted,
           fmt::format("the OCSP responder is '{}' where the profile says '{}'", url, *rules_.ocsp_url), extension);
  }

  // RFC 9608 §2: "MUST NOT be present in CA public key certificates", "MUST NOT be marked as critical", not together
  // with CRL distribution points, freshest CRL or an OCSP location.
  void no_rev_avail() {
    constexpr Code kCode = Code::lint_no_rev_avail;
    const TbsExtension* const extension = find(kNoRevAvailOid);
    if (extension == nullptr) return;
    if (!is_leaf()) report(kCode, "it stands in a CA", extension);
    if (extension->critical) report(kCode, "it is critical", extension);
    const auto null = der::only(extension->value, der::tag::null);
    if (!null || !null->content.empty()) report(kCode, "its value is not NULL", extension);
    if (find(kCrlDistributionPoints) != nullptr || find(kFreshestCrl) != nullptr ||
        find(kAuthorityInfoAccess) != nullptr) {
      report(kCode, "it stands beside a place to ask about revocation", extension);
    }
  }

  // RFC 6960 §4.2.2.2: a delegated responder has id-kp-OCSPSigning; §4.2.2.2.1: nocheck, or nobody could verify it.
  void ocsp() {
    const TbsExtension* const extension = find(kOcspNoCheckOid);
    const bool responder = has_purpose(eku::kOcspSigning);
    if (responder != (extension != nullptr)) {
      report(Code::lint_ocsp_signing, responder ? "nocheck is missing" : "nocheck without OCSPSigning", extension);
    }
    const auto null = extension != nullptr ? der::only(extension->value, der::tag::null) : std::nullopt;
    if (extension != nullptr && (!null || !null->content.empty())) {
      report(Code::lint_ocsp_signing, "the value of nocheck is not NULL", extension);
    }
  }

  void profile() {
    const TbsExtension* const extension = find(kProfileOid);
    const auto text = extension != nullptr ? der::only(extension->value, der::tag::utf8_string) : std::nullopt;
    if (extension != nullptr && (!text || text->content.empty())) {
      return report(Code::lint_extension_unlisted, "the profile extension cannot be read", extension);
    }
    if (!rules_.profile) return;
    if (!text || as_text(text->content) != *rules_.profile) {
      report(Code::lint_extension_unlisted, fmt::format("the profile extension does not say '{}'", *rules_.profile),
             extension);
    }
  }

  const TbsFields& fields_;
  const crypto::PublicKey& key_;
  const LintRules& rules_;
  std::vector<Finding>& findings_;
  std::vector<std::string> purposes_;
};

using Constraints = crypto::Handle<NAME_CONSTRAINTS, NAME_CONSTRAINTS_free>;

bool constrains(const Certificate& ca) { return X509_get_ext_by_NID(ca.get(), NID_name_constraints, -1) >= 0; }

// How the library says that a name lies outside what `ca` may name.
std::optional<std::string> outside_of(const Certificate& ca, const Certificate& below, LintKind kind) {
  if (!constrains(ca)) return std::nullopt;
  const Constraints constraints(
      static_cast<NAME_CONSTRAINTS*>(X509_get_ext_d2i(ca.get(), NID_name_constraints, nullptr, nullptr)));
  int verdict = X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX;
  if (constraints) verdict = NAME_CONSTRAINTS_check(below.get(), constraints.get());
  if (verdict == X509_V_OK && kind == LintKind::leaf) {
    verdict = NAME_CONSTRAINTS_check_CN(below.get(), constraints.get());
  }
  ERR_clear_error();
  if (verdict == X509_V_OK) return std::nullopt;
  return X509_verify_cert_error_string(verdict);
}

}  // namespace

void lint_extensions(const TbsFields& fields, const crypto::PublicKey& key, const LintRules& rules,
                     std::vector<Finding>& findings) {
  ExtensionLint(fields, key, rules, findings).run();
}

void lint_issuer_constraints(ByteView tbs, const LintRules& rules, std::vector<Finding>& findings) {
  std::vector<Certificate> cas{*rules.issuer};
  cas.insert(cas.end(), rules.above.begin(), rules.above.end());
  if (std::ranges::none_of(cas, constrains)) return;
  const auto report = [&](std::string words) {
    findings.push_back({.code = Code::lint_outside_issuer_constraints, .words = std::move(words)});
  };
  // The library judges a whole certificate: this one lacks nothing but a signature.
  const auto whole = Certificate::from_der(assemble_certificate(tbs, rules.algorithm_identifier, ByteView()));
  // X509_check_purpose with -1 decodes the extensions; NAME_CONSTRAINTS_check looks only at what is decoded already.
  if (!whole || X509_check_purpose(whole->get(), -1, 0) != 1) {
    ERR_clear_error();
    return report("the certificate cannot be read");
  }
  for (const Certificate& ca : cas) {
    if (const auto words = outside_of(ca, *whole, rules.kind)) {
      return report(fmt::format("{}: {}", ca.text(), *words));
    }
  }
  // Where verification is stricter than the library (path_names.h), what it would refuse is not issued.
  cas.insert(cas.begin(), *whole);
  if (const auto fault = check_name_constraints(cas, PathCheck::rfc5280)) report(fault->detail);
}

}  // namespace symbolon::x509
