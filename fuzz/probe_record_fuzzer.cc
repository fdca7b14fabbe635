// The record of a probe's handshake, fed with any messages: bounded, and an alert is kept as it came.
// Input: direction and version (1 octet), content type (1), length (1), octets; repeated.
#include <cstdint>
#include <cstdlib>

#include "tls/probe_record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace symbolon;
  ByteView rest(data, size);
  (void)tls::looks_like_tls(rest);
  tls::ProbeRecord record;
  while (rest.size() >= 3) {
    const auto direction = (rest[0] & 1) != 0 ? tls::ProbeDirection::sent : tls::ProbeDirection::received;
    const std::size_t length = std::min<std::size_t>(rest[2], rest.size() - 3);
    record.take(direction, rest[1], rest.subspan(3, length), (rest[0] & 2) != 0);
    rest = rest.subspan(3 + length);
  }
  const bool fatal = record.fatal_alert_received();
  tls::Transcript seen;
  record.move_into(seen);
  if (seen.messages.size() > tls::ProbeLimits::kMessages) std::abort();
  if (fatal != (seen.alert_received && seen.alert_received->level == 2)) std::abort();
  if (seen.alert_received && seen.alert_received->description == 0) std::abort();
  return 0;
}
