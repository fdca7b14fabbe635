// Whatever a responder says: it is judged without a crash, and what is taken is within its dates.
//
// Input: the issuer's certificate and the one that it is about, each as two octets of length and DER, then the
// response.
#include <algorithm>
#include <cstdint>

#include "revocation/ocsp_reader.h"

namespace {

using namespace symbolon;

Result<x509::Certificate> take_certificate(ByteView& input) {
  const std::size_t wanted = input.size() < 2 ? 0 : static_cast<std::size_t>(input[0]) << 8 | input[1];
  input = input.subspan(std::min<std::size_t>(2, input.size()));
  const ByteView der = input.first(std::min(wanted, input.size()));
  input = input.subspan(der.size());
  return x509::Certificate::from_der(der);
}

bool is_refusal(Code code) {
  return name(code).starts_with("ocsp_") || code == Code::too_large || code == Code::crypto_failed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr UnixSeconds kNow{1'800'000'000};
  ByteView input(data, size);
  const auto issuer = take_certificate(input);
  const auto certificate = take_certificate(input);
  if (!issuer || !certificate) return 0;
  const auto reading = revocation::read_ocsp(input, {.certificate = *certificate, .issuer = *issuer}, kNow);
  if (!reading) {
    ENSURE(is_refusal(reading.error().code));
    return 0;
  }
  ENSURE(reading->status <= revocation::OcspStatus::unknown && reading->reason <= 10);
  ENSURE(reading->this_update <= kNow + revocation::kOcspClockTolerance && reading->next_update >= kNow);
  ENSURE(reading->this_update <= reading->next_update);
  return 0;
}
