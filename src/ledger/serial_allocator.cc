#include "ledger/serial_allocator.h"

#include <algorithm>

namespace symbolon::ledger {

x509::SerialNumber SerialAllocator::draw() const {
  std::array<std::uint8_t, 16> octets;
  std::copy(prefix_.begin(), prefix_.end(), octets.begin());
  crypto::fill_random(std::span(octets).subspan(prefix_.size()));
  const Result<x509::SerialNumber> serial = x509::SerialNumber::from_magnitude(octets);
  if (!serial) abort_with(__FILE__, __LINE__, "16 octets are a serial number");
  return *serial;
}

}  // namespace symbolon::ledger
