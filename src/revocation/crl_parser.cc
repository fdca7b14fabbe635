#include "revocation/crl_parser.h"

#include <algorithm>
#include <vector>

#include "revocation/der_message.h"
#include "x509/der_reader.h"

namespace symbolon::revocation {
namespace {

namespace der = x509::der;

// Days since 1970-01-01 of a date of the Gregorian calendar.
std::int64_t days_of(int year, int month, int day) {
  const int y = month <= 2 ? year - 1 : year;
  const int era = y / 400;
  const int year_of_era = y - era * 400;
  const int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return static_cast<std::int64_t>(era) * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
         day_of_year - 719468;
}

// RFC 5280 §4.1.2.5.1 and §4.1.2.5.2: with seconds, in UTC ("Z"), without fractions.
std::optional<UnixSeconds> time_of(const der::Element& element) {
  const std::string_view text = as_text(element.content);
  const std::size_t year_digits = element.tag == der::tag::utc_time ? 2 : 4;
  if ((element.tag != der::tag::utc_time && element.tag != der::tag::generalized_time) ||
      text.size() != year_digits + 11 || text.back() != 'Z' ||
      !std::ranges::all_of(text.substr(0, text.size() - 1), [](char c) { return c >= '0' && c <= '9'; })) {
    return {};
  }
  const auto number = [&](std::size_t from, std::size_t size) {
    int value = 0;
    for (const char c : text.substr(from, size)) value = value * 10 + (c - '0');
    return value;
  };
  int year = number(0, year_digits);
  if (year_digits == 2) year += year >= 50 ? 1900 : 2000;
  const auto part = [&](std::size_t index) { return number(year_digits + 2 * index, 2); };
  static constexpr int kDays[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year == 0 || part(0) < 1 || part(0) > 12 || part(1) < 1 || part(1) > kDays[part(0) - 1] || part(2) > 23 ||
      part(3) > 59 || part(4) > 59) {
    return {};
  }
  return UnixSeconds{days_of(year, part(0), part(1)) * 86400 + part(2) * 3600 + part(3) * 60 + part(4)};
}

Result<UnixSeconds> read_time(const DerMessage& message, der::Reader& reader, std::string_view what) {
  const ByteView at = reader.rest();
  const auto element = reader.next();
  const auto time = element ? time_of(*element) : std::nullopt;
  if (!time) return message.malformed(at, fmt::format("{} is no time", what));
  return *time;
}

// DistributionPointName: fullName [0] GeneralNames, or nameRelativeToCRLIssuer [1], which we do not compare.
Status read_points(const DerMessage& message, const der::Element& field, Coverage& coverage) {
  const auto names = der::only(field.content, der::tag::context(0));
  if (!names) {
    coverage.points_unknown = true;
    return {};
  }
  for (der::Reader list(names->content); !list.at_end();) {
    const ByteView at = list.rest();
    const auto point = list.next();
    if (!point) return message.malformed(at, "issuingDistributionPoint holds a name that cannot be read");
    coverage.points.push_back(to_bytes(point->whole));
  }
  if (coverage.points.empty()) coverage.points_unknown = true;
  return {};
}

// RFC 5280 §5.2.5. All of it is tagged implicitly: booleans are primitive context elements.
Status read_distribution_point(const DerMessage& message, const Extension& extension, CrlSyntax& crl) {
  enum Field : std::uint8_t {
    distribution_point = 0xa0,
    only_user = 0x81,
    only_ca = 0x82,
    only_some_reasons = 0x83,
    indirect = 0x84,
    only_attribute = 0x85,
  };
  const auto body = der::only(extension.value, der::tag::sequence);
  if (!body) return message.malformed(extension.whole, "issuingDistributionPoint cannot be read");
  std::uint8_t last = 0;
  for (der::Reader fields(body->content); !fields.at_end();) {
    const ByteView at = fields.rest();
    const auto field = fields.next();
    if (!field) return message.malformed(at, "issuingDistributionPoint cannot be read");
    if ((field->tag & 0x1fU) < last) return message.malformed(at, "issuingDistributionPoint is out of order");
    last = static_cast<std::uint8_t>((field->tag & 0x1fU) + 1);
    const bool set = field->content.size() != 1 || field->content[0] != 0;
    switch (field->tag) {
      case distribution_point: TRY(read_points(message, *field, crl.coverage)); break;
      case only_some_reasons: crl.coverage.points_unknown = true; break;
      case only_user: crl.coverage.cas = crl.coverage.cas && !set; break;
      case only_ca: crl.coverage.users = crl.coverage.users && !set; break;
      case indirect:
        if (set) return fail(Code::crl_indirect, "octet {}: indirectCRL", message.offset_of(at));
        break;
      case only_attribute:
        // Its serials are those of attribute certificates.
        if (set) {
          return fail(Code::crl_unknown_critical_extension, "octet {}: the CRL is about attribute certificates only",
                      message.offset_of(at));
        }
        break;
      default: return message.malformed(at, "issuingDistributionPoint holds an unknown field");
    }
  }
  return {};
}

Status read_crl_extension(const DerMessage& message, const Extension& extension, CrlSyntax& crl) {
  const std::string& oid = extension.oid;
  if (oid == "2.5.29.20") {  // cRLNumber
    const auto number = der::only(extension.value, der::tag::integer);
    if (!number || !is_shortest_integer(number->content)) {
      return message.malformed(extension.whole, "cRLNumber cannot be read");
    }
    ByteView magnitude = number->content;
    if (magnitude.size() > 1 && magnitude[0] == 0) magnitude = magnitude.subspan(1);
    // RFC 5280 §5.2.3: "CRL issuers ... MUST mark this extension as non-critical"
    if (extension.critical) return message.malformed(extension.whole, "cRLNumber is critical");
    crl.number = to_bytes(magnitude);
    return {};
  }
  if (oid == "2.5.29.35") {  // authorityKeyIdentifier: keyIdentifier [0] IMPLICIT OCTET STRING
    const auto body = der::only(extension.value, der::tag::sequence);
    if (!body) return message.malformed(extension.whole, "authorityKeyIdentifier cannot be read");
    if (const auto key = der::Reader(body->content).next(0x80)) crl.authority_key_id = to_bytes(key->content);
    return {};
  }
  if (oid == "2.5.29.28") return read_distribution_point(message, extension, crl);
  if (oid == "2.5.29.27") {
    return fail(Code::crl_unknown_critical_extension, "octet {}: delta CRLs (deltaCRLIndicator) are not taken",
                message.offset_of(extension.whole));
  }
  // RFC 5280 §5.2: "If a CRL contains a critical extension that the application cannot process, then the application
  // MUST NOT use that CRL to determine the status of certificates."
  if (extension.critical) {
    return fail(Code::crl_unknown_critical_extension, "octet {}: extension {}", message.offset_of(extension.whole),
                oid);
  }
  return {};
}

Status check_entry_extensions(const DerMessage& message, ByteView content) {
  for (const Extension& extension : TRY(message.extensions(content))) {
    if (extension.oid == "2.5.29.29") {
      return fail(Code::crl_indirect, "octet {}: an entry names its certificateIssuer",
                  message.offset_of(extension.whole));
    }
    // reasonCode, holdInstructionCode and invalidityDate change nothing: what is listed is revoked.
    const bool known = extension.oid == "2.5.29.21" || extension.oid == "2.5.29.23" || extension.oid == "2.5.29.24";
    if (extension.critical && !known) {
      return fail(Code::crl_unknown_critical_extension, "octet {}: extension {} of an entry",
                  message.offset_of(extension.whole), extension.oid);
    }
  }
  return {};
}

Status read_to_be_signed(const DerMessage& message, const der::Element& body, CrlSyntax& crl) {
  crl.to_be_signed = body.whole;
  der::Reader parts(body.content);
  if (const auto version = parts.next(der::tag::integer)) {
    if (version->content.size() != 1 || version->content[0] != 1) {
      return message.malformed(version->whole, "neither version 1 nor 2");
    }
    crl.version = 2;
  }
  const ByteView inner = TRY(message.expect(parts, der::tag::sequence, "the signature algorithm")).whole;
  // RFC 5280 §5.1.2.2: "This field MUST contain the same algorithm identifier as the signatureAlgorithm field".
  if (!std::ranges::equal(inner, crl.algorithm)) {
    return message.malformed(inner, "inner and outer signature algorithm differ");
  }
  crl.issuer = TRY(message.expect(parts, der::tag::sequence, "the issuer")).whole;
  crl.this_update = TRY(read_time(message, parts, "thisUpdate"));
  // RFC 5280 §5.1.2.5: "Conforming CRL issuers MUST include the nextUpdate field in all CRLs." Without it a CRL would
  // never be stale, so none is taken.
  crl.next_update = TRY(read_time(message, parts, "nextUpdate (a CRL without it is not taken)"));
  if (const auto entries = parts.next(der::tag::sequence)) crl.entries = entries->content;
  if (const auto wrapped = parts.next(der::tag::context(0))) {
    if (crl.version == 1) return message.malformed(wrapped->whole, "extensions in version 1");
    const auto list = der::only(wrapped->content, der::tag::sequence);
    if (!list) return message.malformed(wrapped->whole, "the extensions cannot be read");
    for (const Extension& extension : TRY(message.extensions(list->content))) {
      TRY(read_crl_extension(message, extension, crl));
    }
  }
  if (!parts.at_end()) return message.malformed(parts.rest(), "something that does not belong there");
  return {};
}

}  // namespace

Result<CrlSyntax> parse_crl(ByteView whole) {
  const DerMessage message(whole, Code::crl_malformed);
  const auto outer = der::only(whole, der::tag::sequence);
  if (!outer) return message.malformed(whole, "not one DER SEQUENCE that fills the input");
  der::Reader parts(outer->content);
  CrlSyntax crl;
  const der::Element body = TRY(message.expect(parts, der::tag::sequence, "the list to be signed"));
  crl.algorithm = TRY(message.expect(parts, der::tag::sequence, "the signature algorithm")).whole;
  const der::Element bits = TRY(message.expect(parts, der::tag::bit_string, "the signature"));
  const auto signature = der::whole_octets(bits);
  if (!signature || !parts.at_end()) return message.malformed(bits.whole, "the signature cannot be read");
  crl.signature = *signature;
  TRY(read_to_be_signed(message, body, crl));
  return crl;
}

Status for_each_entry(ByteView whole, const CrlSyntax& crl, const VisitEntry& visit) {
  const DerMessage message(whole, Code::crl_malformed);
  for (der::Reader list(crl.entries); !list.at_end();) {
    const der::Element entry = TRY(message.expect(list, der::tag::sequence, "an entry"));
    der::Reader parts(entry.content);
    const der::Element serial = TRY(message.expect(parts, der::tag::integer, "a serial number"));
    if (!is_shortest_integer(serial.content)) return message.malformed(serial.whole, "a serial number that is not DER");
    const UnixSeconds since = TRY(read_time(message, parts, "revocationDate"));
    if (const auto extensions = parts.next(der::tag::sequence)) {
      if (crl.version == 1) return message.malformed(extensions->whole, "entry extensions in version 1");
      TRY(check_entry_extensions(message, extensions->content));
    }
    if (!parts.at_end()) return message.malformed(parts.rest(), "something that does not belong into an entry");
    visit(serial.content, since);
  }
  return {};
}

}  // namespace symbolon::revocation
