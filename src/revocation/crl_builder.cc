#include "revocation/crl_builder.h"

#include <algorithm>

#include "x509/der_reader.h"
#include "x509/der_writer.h"

namespace symbolon::revocation {
namespace {

namespace der = x509::der;

// The first second of 1950 and the last of 9999: what the two ASN.1 types can say between them.
constexpr UnixSeconds kFirst{-631152000};
constexpr UnixSeconds kLast{253402300799};

void append(Bytes& out, ByteView octets) { out.insert(out.end(), octets.begin(), octets.end()); }

// Extension without `critical`, which is FALSE by default (§5.2).
Bytes extension(std::string_view oid, ByteView value) {
  const Bytes id = der::object_identifier(oid);
  const Bytes content = der::element(der::tag::octet_string, value);
  return der::element(der::tag::sequence, {id, content});
}

Bytes critical_extension(std::string_view oid, ByteView value) {
  const Bytes id = der::object_identifier(oid);
  const Bytes critical = der::boolean(true);
  const Bytes content = der::element(der::tag::octet_string, value);
  return der::element(der::tag::sequence, {id, critical, content});
}

// DistributionPointName: a fullName of one URI, as the only field, [0], of what is around it.
Bytes point_of(std::string_view uri) {
  constexpr std::uint8_t kUri = 0x86;  // GeneralName: [6] IMPLICIT IA5String
  const Bytes names = der::element(der::tag::context(0), der::element(kUri, as_bytes(uri)));
  return der::element(der::tag::sequence, der::element(der::tag::context(0), names));
}

// crlEntryExtensions: reasonCode (§5.3.1), ENUMERATED, and invalidityDate (§5.3.2), GeneralizedTime. Empty: neither.
Bytes entry_extensions(const CrlBuilder::Entry& entry) {
  constexpr std::uint8_t kEnumerated = 0x0a;
  Bytes reason;
  Bytes date;
  if (entry.reason != 0) reason = extension("2.5.29.21", der::element(kEnumerated, ByteView(&entry.reason, 1)));
  if (entry.invalid_since) {
    date = extension("2.5.29.24", der::generalized_time(std::clamp(*entry.invalid_since, kFirst, kLast)));
  }
  if (reason.empty() && date.empty()) return {};
  return der::element(der::tag::sequence, {reason, date});
}

Bytes crl_extensions(const CrlHeading& heading) {
  constexpr std::uint8_t kKeyIdentifier = 0x80;  // [0] IMPLICIT, primitive
  const Bytes identifier = der::element(kKeyIdentifier, heading.authority_key_identifier);
  const Bytes authority = extension("2.5.29.35", der::element(der::tag::sequence, identifier));
  const Bytes number = extension("2.5.29.20", der::unsigned_integer(heading.number));
  Bytes delta;
  Bytes point;
  Bytes freshest;
  if (heading.base) delta = critical_extension("2.5.29.27", der::unsigned_integer(*heading.base));
  if (!heading.distribution_point.empty())
    point = critical_extension("2.5.29.28", point_of(heading.distribution_point));
  if (!heading.freshest.empty()) {
    freshest = extension("2.5.29.46", der::element(der::tag::sequence, point_of(heading.freshest)));
  }
  const Bytes all = der::element(der::tag::sequence, {authority, number, delta, point, freshest});
  return der::element(der::tag::context(0), all);
}

}  // namespace

Result<CrlBuilder> CrlBuilder::begin(CrlHeading heading, ByteView algorithm_identifier) {
  if (heading.this_update < kFirst || heading.next_update > kLast || heading.next_update < heading.this_update) {
    return fail(Code::bad_request, "from {} to {} is no period a CRL can name", to_rfc3339(heading.this_update),
                to_rfc3339(heading.next_update));
  }
  return CrlBuilder(std::move(heading), algorithm_identifier);
}

// CertificateList entry: SEQUENCE { userCertificate, revocationDate, crlEntryExtensions OPTIONAL }
void CrlBuilder::add(const Entry& entry) {
  if (last_time_.empty() || entry.revoked_at != last_at_) {
    last_at_ = entry.revoked_at;
    last_time_ = der::time(std::clamp(entry.revoked_at, kFirst, kLast));
  }
  const ByteView magnitude = entry.serial.magnitude();
  const bool padded = (magnitude.front() & 0x80U) != 0;  // an INTEGER that must not look negative
  const Bytes extensions = entry_extensions(entry);
  const std::size_t serial_size = magnitude.size() + (padded ? 1 : 0);
  const std::size_t size = 2 + serial_size + last_time_.size() + extensions.size();
  constexpr std::size_t kLongestShortForm = 127;  // serial 23, time 17, extensions 41: never more
  ENSURE(size <= kLongestShortForm);
  entries_.push_back(der::tag::sequence);
  entries_.push_back(static_cast<std::uint8_t>(size));
  entries_.push_back(der::tag::integer);
  entries_.push_back(static_cast<std::uint8_t>(serial_size));
  if (padded) entries_.push_back(0);
  append(entries_, magnitude);
  append(entries_, last_time_);
  append(entries_, extensions);
  ++count_;
}

Bytes CrlBuilder::finish() && {
  constexpr std::uint64_t kVersion2 = 1;
  const Bytes version = der::unsigned_integer(kVersion2);
  const Bytes this_update = der::time(heading_.this_update);
  const Bytes next_update = der::time(heading_.next_update);
  const Bytes extensions = crl_extensions(heading_);
  const Bytes list = entries_.empty() ? Bytes() : der::header(der::tag::sequence, entries_.size());
  return der::element(der::tag::sequence, {version, algorithm_, heading_.issuer.der(), this_update, next_update, list,
                                           entries_, extensions});
}

Bytes assemble_crl(ByteView tbs, ByteView algorithm_identifier, ByteView signature) {
  const Bytes bits = der::bit_string(signature);
  return der::element(der::tag::sequence, {tbs, algorithm_identifier, bits});
}

}  // namespace symbolon::revocation
