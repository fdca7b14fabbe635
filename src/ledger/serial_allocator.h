// Draws serial numbers (RFC 5280 §4.1.2.2): the instance's prefix, then random octets.
#pragma once

#include "ledger/ledger.h"
#include "x509/serial_number.h"

namespace symbolon::ledger {

// 16 octets: 4 of the instance, 12 random (96 bits; CA/Browser Forum Baseline Requirements §7.1 ask for 64).
// Never zero, never negative, never longer than 20 octets. Thread-safe.
class SerialAllocator {
 public:
  explicit SerialAllocator(InstancePrefix prefix) : prefix_(prefix) {}
  x509::SerialNumber draw() const;

 private:
  InstancePrefix prefix_;
};

}  // namespace symbolon::ledger
