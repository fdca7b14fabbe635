#include "x509/lint.h"

#include <algorithm>

#include "x509/general_name_der.h"
#include "x509/lint_extensions.h"
#include "x509/lint_names.h"
#include "x509/tbs_reader.h"

namespace symbolon::x509 {
namespace {

// The rules on everything but the extensions, in the order of the fields.
class FieldLint {
 public:
  FieldLint(const TbsFields& fields, const LintRules& rules, std::vector<Finding>& findings)
      : fields_(fields), rules_(rules), findings_(findings) {}

  void run() {
    version();
    serial();
    algorithm();
    issuer();
    validity();
    subject();
    key();
  }

 private:
  void report(Code code, std::string words) { findings_.push_back({.code = code, .words = std::move(words)}); }

  // RFC 5280 §4.1.2.1: "When extensions are used [...] version MUST be 3 (value is 2)."
  void version() {
    if (!fields_.version || fields_.version->content.size() != 1 || fields_.version->content[0] != 2) {
      report(Code::lint_version, "version must be 3");
    }
  }

  // RFC 5280 §4.1.2.2: "The serial number MUST be a positive integer [...] Conforming CAs MUST NOT use serialNumber
  // values longer than 20 octets."
  void serial() {
    constexpr std::size_t kLeast = 9;  // octets: 64 random bits and at least one octet beside
    const ByteView content = fields_.serial.content;
    if (content.empty() || (content[0] & 0x80U) != 0) return report(Code::lint_serial, "it is not positive");
    if (content.size() > 1 && content[0] == 0 && (content[1] & 0x80U) == 0) {
      return report(Code::lint_serial, "it has a leading zero octet");
    }
    if (std::ranges::all_of(content, [](std::uint8_t octet) { return octet == 0; })) {
      return report(Code::lint_serial, "it is zero");
    }
    if (content.size() > SerialNumber::kMost) report(Code::lint_serial, fmt::format("{} octets", content.size()));
    if (content.size() < kLeast) {
      report(Code::lint_serial, fmt::format("{} octets are too few for 64 random bits", content.size()));
    }
  }

  // RFC 5280 §4.1.1.2: "This field MUST contain the same algorithm identifier as the signature field".
  void algorithm() {
    constexpr std::string_view kGood[] = {"1.2.840.10045.4.3.2",    // ecdsa-with-SHA256
                                          "1.2.840.10045.4.3.3",    // ecdsa-with-SHA384
                                          "1.2.840.10045.4.3.4",    // ecdsa-with-SHA512
                                          "1.3.101.112",            // Ed25519
                                          "1.2.840.113549.1.1.11",  // sha256WithRSAEncryption
                                          "1.2.840.113549.1.1.12", "1.2.840.113549.1.1.13"};
    if (!std::ranges::equal(fields_.algorithm.whole, rules_.algorithm_identifier)) {
      report(Code::lint_signature_algorithm, "it differs from what the issuer's key signs with");
    }
    der::Reader parts(fields_.algorithm.content);
    const auto id = parts.next(der::tag::object_identifier);
    const auto oid = id ? der::oid_text(id->content) : std::nullopt;
    if (!oid || std::ranges::find(kGood, *oid) == std::end(kGood)) {
      report(Code::lint_signature_algorithm, fmt::format("{} is not one we sign with", oid.value_or("(unreadable)")));
    }
  }

  void issuer() {
    const ByteView expected = rules_.issuer != nullptr ? rules_.issuer->subject().der() : fields_.subject.whole;
    if (!std::ranges::equal(fields_.issuer.whole, expected)) {
      report(Code::lint_issuer_mismatch, "the issuer is not, octet for octet, the subject of the CA");
    }
    if (fields_.issuer.content.empty()) report(Code::lint_issuer_mismatch, "the issuer is empty");
  }

  // RFC 5280 §4.1.2.5: UTCTime YYMMDDHHMMSSZ through 2049, GeneralizedTime YYYYMMDDHHMMSSZ from 2050, no fractions.
  static std::optional<UnixSeconds> read_time(const der::Element& element) {
    const std::string_view text = as_text(element.content);
    const bool utc = element.tag == der::tag::utc_time;
    if (!utc && element.tag != der::tag::generalized_time) return std::nullopt;
    if (text.size() != (utc ? 13U : 15U) || text.back() != 'Z') return std::nullopt;
    const std::string year =
        utc ? (text[0] < '5' ? "20" : "19") + std::string(text.substr(0, 2)) : std::string(text.substr(0, 4));
    const std::string_view rest = text.substr(utc ? 2 : 4);
    if (!std::ranges::all_of(text.substr(0, text.size() - 1), [](char c) { return c >= '0' && c <= '9'; })) {
      return std::nullopt;
    }
    if (!utc && year < "2050") return std::nullopt;
    const auto time = parse_time(fmt::format("{}-{}-{}T{}:{}:{}Z", year, rest.substr(0, 2), rest.substr(2, 2),
                                             rest.substr(4, 2), rest.substr(6, 2), rest.substr(8, 2)));
    return time ? std::optional(*time) : std::nullopt;
  }

  void validity() {
    const auto begin = read_time(fields_.not_before);
    const auto end = read_time(fields_.not_after);
    if (!begin || !end) return report(Code::lint_validity, "a date is wrongly encoded");
    if (*end <= *begin) {
      return report(Code::lint_validity, fmt::format("it ends {} and begins {}", to_rfc3339(*end), to_rfc3339(*begin)));
    }
    if (rules_.issuer == nullptr) return;
    const Validity& issuer = rules_.issuer->validity();
    if (*end > issuer.not_after) {
      report(Code::lint_outlives_issuer,
             fmt::format("it ends {}, its issuer {}", to_rfc3339(*end), to_rfc3339(issuer.not_after)));
    }
    if (*begin < issuer.not_before) {
      report(Code::lint_validity,
             fmt::format("it begins {}, before its issuer ({})", to_rfc3339(*begin), to_rfc3339(issuer.not_before)));
    }
  }

  void subject() {
    lint_name(fields_.subject.whole, [this](Code code, std::string words) { report(code, "subject: " + words); });
    if (!fields_.subject.content.empty()) return;
    if (rules_.kind != LintKind::leaf) return report(Code::lint_ca_subject, "the subject of a CA is empty");
    const auto names = std::ranges::find(fields_.extensions, std::string_view("2.5.29.17"), &TbsExtension::oid);
    if (names == fields_.extensions.end() || !names->critical) {
      report(Code::lint_empty_subject, "the subject is empty and no critical subjectAltName stands for it");
    }
  }

  void key() {
    const crypto::PublicKey* key = rules_.key;
    std::optional<crypto::PublicKey> own;
    if (key != nullptr && !std::ranges::equal(fields_.public_key.whole, key->spki())) {
      return report(Code::lint_weak_key, "the key is not the one that was checked");
    }
    if (key == nullptr) {
      auto read = crypto::PublicKey::from_spki(fields_.public_key.whole);
      if (!read) return report(Code::lint_weak_key, read.error().words);
      own = std::move(*read);
      key = &*own;
    }
    if (const Status strong = key->check_strength(); !strong) report(Code::lint_weak_key, strong.error().words);
    lint_extensions(fields_, *key, rules_, findings_);
  }

  const TbsFields& fields_;
  const LintRules& rules_;
  std::vector<Finding>& findings_;
};

}  // namespace

std::vector<Finding> lint_tbs(ByteView tbs, const LintRules& rules) {
  std::vector<Finding> findings;
  const auto fields = read_tbs(tbs);
  if (!fields) {
    findings.push_back({.code = Code::lint_encoding, .words = "not a TBSCertificate in DER"});
    return findings;
  }
  FieldLint(*fields, rules, findings).run();
  if (rules.issuer != nullptr) lint_issuer_constraints(tbs, rules, findings);
  return findings;
}

}  // namespace symbolon::x509
