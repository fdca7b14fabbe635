#include "revocation/crl_parser.h"

#include <algorithm>

#include "revocation/der_message.h"
#include "revocation/der_time.h"
#include "x509/der_reader.h"

namespace symbolon::revocation {
namespace {

namespace der = x509::der;

constexpr std::size_t kLongestHead = 64 << 10;  // octets: in it lies the issuer's name
constexpr std::size_t kLongestTail = 1 << 20;   // of the extensions, where a shard may list many points
constexpr std::size_t kLongestSignature = 64 << 10;

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
Status read_distribution_point(const DerMessage& message, const Extension& extension, CrlTail& crl) {
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

// A CRLNumber: its magnitude.
Result<Bytes> read_number(const DerMessage& message, const Extension& extension, std::string_view what) {
  const auto number = der::only(extension.value, der::tag::integer);
  // RFC 5280 §5.2.3: "CRL number ... INTEGER (0..MAX)"
  if (!number || !is_shortest_integer(number->content) || (number->content[0] & 0x80U) != 0) {
    return message.malformed(extension.whole, fmt::format("{} cannot be read", what));
  }
  ByteView magnitude = number->content;
  if (magnitude.size() > 1 && magnitude[0] == 0) magnitude = magnitude.subspan(1);
  return to_bytes(magnitude);
}

Status read_delta_indicator(const DerMessage& message, const Extension& extension, CrlTail& crl) {
  // RFC 5280 §5.2.4: "The delta CRL indicator is a critical CRL extension that identifies a CRL as being a delta CRL."
  if (!extension.critical) return message.malformed(extension.whole, "deltaCRLIndicator is not critical");
  crl.base_number = TRY(read_number(message, extension, "BaseCRLNumber"));
  return {};
}

Status read_crl_extension(const DerMessage& message, const Extension& extension, CrlTail& crl) {
  const std::string& oid = extension.oid;
  if (oid == "2.5.29.20") {  // cRLNumber
    crl.number = TRY(read_number(message, extension, "cRLNumber"));
    // RFC 5280 §5.2.3: "CRL issuers ... MUST mark this extension as non-critical"
    if (extension.critical) return message.malformed(extension.whole, "cRLNumber is critical");
    return {};
  }
  if (oid == "2.5.29.35") {  // authorityKeyIdentifier: keyIdentifier [0] IMPLICIT OCTET STRING
    const auto body = der::only(extension.value, der::tag::sequence);
    if (!body) return message.malformed(extension.whole, "authorityKeyIdentifier cannot be read");
    if (const auto key = der::Reader(body->content).next(0x80)) crl.authority_key_id = to_bytes(key->content);
    return {};
  }
  if (oid == "2.5.29.28") return read_distribution_point(message, extension, crl);
  if (oid == "2.5.29.27") return read_delta_indicator(message, extension, crl);
  // RFC 5280 §5.2: "If a CRL contains a critical extension that the application cannot process, then the application
  // MUST NOT use that CRL to determine the status of certificates."
  if (extension.critical) {
    return fail(Code::crl_unknown_critical_extension, "octet {}: extension {}", message.offset_of(extension.whole),
                oid);
  }
  return {};
}

}  // namespace

Result<CrlHead> CrlStream::head() {
  const ByteView view = TRY(window_.see(kLongestHead));
  const DerMessage message(view, Code::crl_malformed);
  const auto outer = der::header_of(view);
  if (!outer || outer->tag != der::tag::sequence) return message.malformed(view, "not a DER SEQUENCE");
  outer_end_ = outer->size();
  const ByteView inside = view.subspan(outer->header_size);
  const auto body = der::header_of(inside);
  if (!body || body->tag != der::tag::sequence) return message.malformed(inside, "the list to be signed expected");
  signed_end_ = message.offset_of(inside) + body->size();
  if (signed_end_ > outer_end_) return message.malformed(inside, "the list to be signed is longer than what holds it");

  CrlHead out;
  const ByteView fields = inside.subspan(body->header_size);
  der::Reader parts(fields.first(std::min(fields.size(), body->content_size)));
  if (const auto version = parts.next(der::tag::integer)) {
    if (version->content.size() != 1 || version->content[0] != 1) {
      return message.malformed(version->whole, "neither version 1 nor 2");
    }
    out.version = 2;
  }
  out.algorithm = to_bytes(TRY(message.expect(parts, der::tag::sequence, "the signature algorithm")).whole);
  out.issuer = to_bytes(TRY(message.expect(parts, der::tag::sequence, "the issuer")).whole);
  out.this_update = TRY(read_time(message, parts, "thisUpdate"));
  // RFC 5280 §5.1.2.5: "Conforming CRL issuers MUST include the nextUpdate field in all CRLs." Without it a CRL would
  // never be stale, so none is taken.
  out.next_update = TRY(read_time(message, parts, "nextUpdate (a CRL without it is not taken)"));
  entries_begin_ = message.offset_of(parts.rest());
  entries_end_ = entries_begin_;
  if (parts.peek() == der::tag::sequence) {
    const auto entries = der::header_of(parts.rest());
    if (!entries || entries_begin_ + entries->size() > signed_end_) {
      return message.malformed(parts.rest(), "revokedCertificates cannot be read");
    }
    entries_end_ = entries_begin_ + entries->size();
    entries_begin_ += entries->header_size;
  }
  version_ = out.version;
  algorithm_ = out.algorithm;
  signed_head_ = to_bytes(inside.first(static_cast<std::size_t>(entries_begin_ - message.offset_of(inside))));
  window_.take(static_cast<std::size_t>(entries_begin_));
  return out;
}

void CrlStream::tap_signed(DerWindow::Tap tap) {
  tap(signed_head_);
  window_.tap(std::move(tap));
}

Status CrlStream::entries(const VisitEntry& visit) {
  while (window_.offset() < entries_end_) {
    const auto left = static_cast<std::size_t>(entries_end_ - window_.offset());
    const std::size_t wanted = std::min(left, 2 * kLongestEntry);
    const ByteView view = TRY(window_.see(wanted));
    const bool more = view.size() == wanted && wanted < left;
    const DerMessage message(view, Code::crl_malformed, window_.offset());
    if (view.empty()) return message.malformed(view, "the octets end among the entries");
    window_.take(TRY(
        read_entries(message, view, {.version = version_, .piece = more ? Piece::more_follows : Piece::last}, visit)));
  }
  return {};
}

Status CrlStream::skip_entries() {
  while (window_.offset() < entries_end_) {
    const auto left = static_cast<std::size_t>(entries_end_ - window_.offset());
    const ByteView view = TRY(window_.see(std::min(left, kLongestEntry)));
    if (view.empty()) {
      return DerMessage(view, Code::crl_malformed, window_.offset())
          .malformed(view, "the octets end among the entries");
    }
    window_.take(view.size());
  }
  return {};
}

Result<CrlTail> CrlStream::tail() {
  CrlTail out;
  {
    const auto left = static_cast<std::size_t>(signed_end_ - window_.offset());
    const ByteView view = TRY(window_.see(std::min(left, kLongestTail)));
    const DerMessage message(view, Code::crl_malformed, window_.offset());
    if (view.size() < left) return message.malformed(view, "the octets end, or the extensions are too long");
    der::Reader parts(view);
    if (const auto wrapped = parts.next(der::tag::context(0))) {
      if (version_ == 1) return message.malformed(wrapped->whole, "extensions in version 1");
      const auto list = der::only(wrapped->content, der::tag::sequence);
      if (!list) return message.malformed(wrapped->whole, "the extensions cannot be read");
      for (const Extension& extension : TRY(message.extensions(list->content))) {
        if (extension.oid == "2.5.29.27" && deltas_ == Deltas::refuse) {
          return fail(Code::crl_unknown_critical_extension,
                      "octet {}: delta CRLs (deltaCRLIndicator) are not taken here",
                      message.offset_of(extension.whole));
        }
        TRY(read_crl_extension(message, extension, out));
      }
    }
    if (!parts.at_end()) return message.malformed(parts.rest(), "something that does not belong there");
    window_.take(view.size());
    window_.tap({});
  }
  const auto left = static_cast<std::size_t>(outer_end_ - window_.offset());
  const ByteView view = TRY(window_.see(std::min(left, kLongestSignature) + 1));
  const DerMessage message(view, Code::crl_malformed, window_.offset());
  // One octet more was asked for: there must be none.
  if (left > kLongestSignature || view.size() != left) {
    return message.malformed(view, "not one DER SEQUENCE that fills the input");
  }
  der::Reader parts(view);
  const ByteView algorithm = TRY(message.expect(parts, der::tag::sequence, "the signature algorithm")).whole;
  // RFC 5280 §5.1.2.2: "This field MUST contain the same algorithm identifier as the signatureAlgorithm field".
  if (!std::ranges::equal(algorithm, algorithm_)) {
    return message.malformed(algorithm, "inner and outer signature algorithm differ");
  }
  const der::Element bits = TRY(message.expect(parts, der::tag::bit_string, "the signature"));
  const auto signature = der::whole_octets(bits);
  if (!signature || !parts.at_end()) return message.malformed(bits.whole, "the signature cannot be read");
  out.signature = to_bytes(*signature);
  return out;
}

Result<CrlSyntax> parse_crl(ByteView whole) {
  ViewSource source(whole);
  CrlStream stream(source);
  CrlHead head = TRY(stream.head());
  TRY(stream.skip_entries());
  CrlTail tail = TRY(stream.tail());
  return CrlSyntax{std::move(head), std::move(tail)};
}

Status for_each_entry(ByteView whole, const VisitEntry& visit) {
  ViewSource source(whole);
  CrlStream stream(source);
  TRY(stream.head());
  return stream.entries(visit);
}

}  // namespace symbolon::revocation
