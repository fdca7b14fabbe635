// Packets between authority and signer: total, bounded, and what is read is written back octet for octet.
#include <algorithm>
#include <cstdlib>

#include "signer/message.h"

using namespace symbolon;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView packet(data, size);
  const auto message = signer::decode(packet);
  if (!message) {
    if (message.error().code != Code::signer_protocol) std::abort();
    return 0;
  }
  if (!std::ranges::equal(signer::encode(*message), packet)) std::abort();
  return 0;
}
