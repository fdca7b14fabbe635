// The syntax of a CRL (RFC 5280 §5.1), without any judgement about it: what stands where. A list is read from its first
// octet to its last and never held whole.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "revocation/coverage.h"
#include "revocation/crl_entry.h"
#include "revocation/der_window.h"

namespace symbolon::revocation {

// What stands before the entries.
struct CrlHead {
  int version = 1;
  Bytes algorithm;  // DER of the AlgorithmIdentifier
  Bytes issuer;     // DER of the Name
  UnixSeconds this_update;
  UnixSeconds next_update;
};

// What stands behind them.
struct CrlTail {
  std::optional<Bytes> number;       // cRLNumber, magnitude octets
  std::optional<Bytes> base_number;  // deltaCRLIndicator: it is a delta to this one or a later one; else it is full
  std::optional<Bytes> authority_key_id;  // keyIdentifier of authorityKeyIdentifier
  Coverage coverage;                      // from issuingDistributionPoint; without nextUpdate
  Bytes signature;
};

struct CrlSyntax : CrlHead, CrlTail {};

// Are delta CRLs (RFC 5280 §5.2.4) taken?
enum class Deltas : std::uint8_t { refuse, take };

// A list as it is read: head, entries, tail, each once and in this order. Holds a few hundred KiB, whatever the list's
// size. Each step fails as the source does, or with crl_malformed, crl_unknown_critical_extension (deltas that are not
// taken, too) or crl_indirect; the words hold the octet.
class CrlStream {
 public:
  // Borrows the source, which holds one list and nothing else.
  explicit CrlStream(OctetSource& der, Deltas deltas = Deltas::refuse) : window_(der), deltas_(deltas) {}

  Result<CrlHead> head();
  // Gets the octets that are signed, from the first to the last. After head(), if at all.
  void tap_signed(DerWindow::Tap tap);
  Status entries(const VisitEntry& visit);
  Status skip_entries();
  // How many octets the entries have, as the list says. After head().
  std::uint64_t entries_octets() const { return entries_end_ - entries_begin_; }
  Result<CrlTail> tail();

 private:
  DerWindow window_;
  Deltas deltas_;
  int version_ = 1;
  Bytes algorithm_;
  Bytes signed_head_;
  std::uint64_t outer_end_ = 0;  // octets from the first one of the list
  std::uint64_t signed_end_ = 0;
  std::uint64_t entries_begin_ = 0;
  std::uint64_t entries_end_ = 0;
};

// The same of a list that is in memory; its entries are not looked at. Fails as CrlStream, for deltas, too.
Result<CrlSyntax> parse_crl(ByteView der);
// Every entry in order.
Status for_each_entry(ByteView der, const VisitEntry& visit);

}  // namespace symbolon::revocation
