#include "revocation/crl_entry.h"

#include <algorithm>
#include <array>

#include "revocation/der_time.h"

namespace symbolon::revocation {
namespace {

namespace der = x509::der;
using Reason = CrlEntry::Reason;

// The contents of 2.5.29.x, of which a list has a million: compared as they stand.
constexpr std::array<std::uint8_t, 3> kReasonCode{0x55, 0x1d, 0x15};
constexpr std::array<std::uint8_t, 3> kHoldInstructionCode{0x55, 0x1d, 0x17};
constexpr std::array<std::uint8_t, 3> kInvalidityDate{0x55, 0x1d, 0x18};

// ENUMERATED. What cannot be read is no reason to let anybody in.
Reason reason_of(ByteView value) {
  constexpr std::uint8_t kEnumerated = 0x0a;
  if (value.size() != 3 || value[0] != kEnumerated || value[1] != 1) return Reason::other;
  if (value[2] == 6) return Reason::certificate_hold;
  return value[2] == 8 ? Reason::remove_from_crl : Reason::other;
}

// Extensions that change nothing but the reason, each once; nothing: look closer.
std::optional<Reason> usual_extensions(ByteView content) {
  Reason reason = Reason::other;
  unsigned seen = 0;
  for (der::Reader list(content); !list.at_end();) {
    const auto one = list.next(der::tag::sequence);
    if (!one) return std::nullopt;
    der::Reader parts(one->content);
    const auto oid = parts.next(der::tag::object_identifier);
    if (!oid) return std::nullopt;
    unsigned which = 0;
    if (std::ranges::equal(oid->content, kReasonCode)) which = 1;
    if (std::ranges::equal(oid->content, kHoldInstructionCode)) which = 2;
    if (std::ranges::equal(oid->content, kInvalidityDate)) which = 4;
    if (which == 0 || (seen & which) != 0) return std::nullopt;
    seen |= which;
    const auto critical = parts.next(der::tag::boolean);
    if (critical && critical->content.size() != 1) return std::nullopt;
    const auto value = parts.next(der::tag::octet_string);
    if (!value || !parts.at_end()) return std::nullopt;
    if (which == 1) reason = reason_of(value->content);
  }
  return reason;
}

Result<Reason> read_extensions(const DerMessage& message, ByteView content) {
  if (const auto reason = usual_extensions(content)) return *reason;
  Reason reason = Reason::other;
  for (const Extension& extension : TRY(message.extensions(content))) {
    if (extension.oid == "2.5.29.29") {
      return fail(Code::crl_indirect, "octet {}: an entry names its certificateIssuer",
                  message.offset_of(extension.whole));
    }
    const bool known = extension.oid == "2.5.29.21" || extension.oid == "2.5.29.23" || extension.oid == "2.5.29.24";
    if (extension.critical && !known) {
      return fail(Code::crl_unknown_critical_extension, "octet {}: extension {} of an entry",
                  message.offset_of(extension.whole), extension.oid);
    }
    if (extension.oid == "2.5.29.21") reason = reason_of(extension.value);
  }
  return reason;
}

Result<CrlEntry> read_entry(const DerMessage& message, ByteView content, int version) {
  der::Reader parts(content);
  CrlEntry out;
  const ByteView at = parts.rest();
  const auto serial = parts.next(der::tag::integer);
  if (!serial) return message.malformed(at, "a serial number expected");
  if (!is_shortest_integer(serial->content)) return message.malformed(at, "a serial number that is not DER");
  out.serial = serial->content;
  out.since = TRY(read_time(message, parts, "revocationDate"));
  if (const auto extensions = parts.next(der::tag::sequence)) {
    if (version == 1) return message.malformed(extensions->whole, "entry extensions in version 1");
    out.reason = TRY(read_extensions(message, extensions->content));
  }
  if (!parts.at_end()) return message.malformed(parts.rest(), "something that does not belong into an entry");
  return out;
}

// Does an entry begin there whose end has not been read?
bool is_cut(ByteView rest) {
  const auto header = der::header_of(rest);
  if (!header) return rest.size() < der::kLongestHeader;
  return header->tag == der::tag::sequence && header->size() > rest.size() && header->size() <= kLongestEntry;
}

}  // namespace

Result<std::size_t> read_entries(const DerMessage& message, ByteView octets, const CrlEntries& of,
                                 const VisitEntry& visit) {
  der::Reader list(octets);
  while (!list.at_end()) {
    const ByteView at = list.rest();
    const auto entry = list.next(der::tag::sequence);
    if (!entry && of.piece == Piece::more_follows && at.size() < octets.size() && is_cut(at)) break;
    if (!entry) return message.malformed(at, "an entry expected");
    CrlEntry read = TRY(read_entry(message, entry->content, of.version));
    read.octets = entry->whole.size();
    visit(read);
  }
  return octets.size() - list.rest().size();
}

}  // namespace symbolon::revocation
