// Whatever comes as PKCS#12: it is read without a crash, and refused with a code of its own. Iteration counts of a
// hostile file cost time, not memory: libFuzzer's limit of time for one input bounds them here.
#include <cstdint>

#include "x509/pkcs12.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace symbolon;
  const auto content = x509::read_pkcs12({data, size}, Secret("secret"));
  if (content) {
    for (const x509::Certificate& one : content->certificates) ENSURE(!one.der().empty());
    return 0;
  }
  const Code code = content.error().code;
  ENSURE(code == Code::pkcs12_malformed || code == Code::passphrase_wrong || code == Code::passphrase_needed);
  return 0;
}
