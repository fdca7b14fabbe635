// Packets between authority and signer, and the answers in them: total, bounded, and what is read is written back octet
// for octet.
#include <algorithm>
#include <cstdlib>

#include "signer/message.h"

using namespace symbolon;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView packet(data, size);
  if (const auto response = signer::decode_ocsp(packet)) {
    if (!std::ranges::equal(signer::encode_ocsp(*response), packet)) std::abort();
  } else if (response.error().code != Code::signer_protocol) {
    std::abort();
  }
  if (const auto head = signer::decode_head(revocation::HeadKind::feed, packet)) {
    if (!std::ranges::equal(signer::encode_head(*head), packet)) std::abort();
  }
  const auto message = signer::decode(packet);
  if (!message) {
    if (message.error().code != Code::signer_protocol) std::abort();
    return 0;
  }
  if (!std::ranges::equal(signer::encode(*message), packet)) std::abort();
  return 0;
}
