// Draws serial numbers (RFC 5280 §4.1.2.2): the instance's prefix, two octets that rise slowly, then random ones.
#pragma once

#include <atomic>

#include "ledger/ledger.h"
#include "x509/serial_number.h"

namespace symbolon::ledger {

// 16 octets: 4 of the instance, 2 of a counter that begins anywhere and rises every 64 serials, 10 random (80 bits;
// CA/Browser Forum Baseline Requirements §7.1 ask for 64). The counter keeps what is issued together close together in
// the ledger's index, so that issuing costs the same in a ledger of millions.
// Never zero, never negative, never longer than 20 octets. Thread-safe.
class SerialAllocator {
 public:
  explicit SerialAllocator(InstancePrefix prefix);
  x509::SerialNumber draw() const;

 private:
  InstancePrefix prefix_;
  mutable std::atomic<std::uint32_t> drawn_;
};

}  // namespace symbolon::ledger
