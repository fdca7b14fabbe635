// Whatever comes as a certificate request: it is read without a crash; one that is taken is taken again from its own
// DER and PEM, and its names can be walked.
#include <cstdint>
#include <string_view>

#include "x509/request.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace symbolon;
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  const auto request = x509::CertificateRequest::from_file_content(content);
  if (!request) {
    const Code code = request.error().code;
    ENSURE(code == Code::request_malformed || code == Code::request_bad_signature || code == Code::pem_malformed);
    return 0;
  }
  const auto again = x509::CertificateRequest::from_der(request->der());
  ENSURE(again.has_value());
  ENSURE(again->subject() == request->subject());
  ENSURE(again->subject_alt_names() == request->subject_alt_names());
  ENSURE(x509::CertificateRequest::from_file_content(request->pem()).has_value());
  static_cast<void>(x509::text(request->subject_alt_names()));
  static_cast<void>(request->public_key().check_strength());
  return 0;
}
