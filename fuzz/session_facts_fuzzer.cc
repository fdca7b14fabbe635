// What a session ticket says is read without a crash, has one form only, and never speaks of more than is bounded.
#include "tls/session_facts.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace symbolon;
  const ByteView octets(data, size);
  const auto facts = tls::parse_session_facts(octets);
  if (!facts) {
    ENSURE(facts.error().code == Code::handshake_malformed);
    return 0;
  }
  ENSURE(facts->path.size() <= tls::SessionFacts::kMostLinks);
  ENSURE(facts->full_handshake.count >= 0 && facts->not_after.count >= 0);
  ENSURE(tls::encode_session_facts(*facts) == to_bytes(octets));
  return 0;
}
