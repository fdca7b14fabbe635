#include "ledger/serial_allocator.h"

#include <algorithm>

namespace symbolon::ledger {

SerialAllocator::SerialAllocator(InstancePrefix prefix) : prefix_(prefix) {
  std::array<std::uint8_t, 3> start;
  crypto::fill_random(start);
  drawn_ = static_cast<std::uint32_t>(start[0] << 16 | start[1] << 8 | start[2]);
}

x509::SerialNumber SerialAllocator::draw() const {
  constexpr std::uint32_t kTogether = 64;
  const std::uint32_t group = drawn_.fetch_add(1, std::memory_order_relaxed) / kTogether;
  std::array<std::uint8_t, 16> octets;
  std::copy(prefix_.begin(), prefix_.end(), octets.begin());
  octets[4] = static_cast<std::uint8_t>(group >> 8);
  octets[5] = static_cast<std::uint8_t>(group);
  crypto::fill_random(std::span(octets).subspan(6));
  const Result<x509::SerialNumber> serial = x509::SerialNumber::from_magnitude(octets);
  if (!serial) abort_with(__FILE__, __LINE__, "16 octets are a serial number");
  return *serial;
}

}  // namespace symbolon::ledger
