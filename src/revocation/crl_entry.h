// The entries of a CRL (RFC 5280 §5.1.2.6 and §5.3).
#pragma once

#include <cstdint>
#include <functional>

#include "base/clock.h"
#include "revocation/der_message.h"

namespace symbolon::revocation {

struct CrlEntry {
  enum class Reason : std::uint8_t {
    other,
    certificate_hold,  // RFC 5280 §5.3.1
    remove_from_crl,   // what a delta takes out again
  };
  ByteView serial;  // borrowed: the content of the INTEGER, in its shortest form; may be negative or too long
  UnixSeconds since;
  Reason reason = Reason::other;
  std::size_t octets = 0;  // that it takes in the list
};
using VisitEntry = std::function<void(const CrlEntry& entry)>;

inline constexpr std::size_t kLongestEntry = 64 << 10;  // octets

// A part of revokedCertificates: `octets` begin with an entry, and with `last` they end with one. Gives how many octets
// were read: all whole entries, at least one. Fails with the message's code, crl_indirect or
// crl_unknown_critical_extension.
enum class Piece : std::uint8_t { more_follows, last };
struct CrlEntries {
  int version = 2;
  Piece piece = Piece::last;
};
Result<std::size_t> read_entries(const DerMessage& message, ByteView octets, const CrlEntries& of,
                                 const VisitEntry& visit);

}  // namespace symbolon::revocation
