// PEM text, and certificates in it: blocks that are read are written in a form that reads the same; certificates show
// what they hold without falling over.
#include "x509/certificate.h"
#include "x509/identity.h"
#include "x509/pem.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace symbolon;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto blocks = x509::parse_pem(text, "input")) {
    for (const x509::PemBlock& block : *blocks) {
      ENSURE(block.line >= 1);
      if (block.label.ends_with("PRIVATE KEY")) continue;
      const auto again = x509::parse_pem(x509::encode_pem(block.label, block.der));
      ENSURE(again && again->size() == 1 && again->front().der == block.der);
    }
  } else {
    ENSURE(blocks.error().code == Code::pem_malformed && blocks.error().where.starts_with("input:"));
  }
  const auto certificates = x509::Certificate::from_file_content(text, "input");
  if (!certificates) return 0;
  for (const x509::Certificate& certificate : *certificates) {
    ENSURE(certificate.serial().magnitude().size() <= x509::SerialNumber::kMost);
    ENSURE(x509::Certificate::from_der(certificate.der())->fingerprint() == certificate.fingerprint());
    static_cast<void>(x509::identity_of(certificate).text());
    static_cast<void>(certificate.self_signed());
    static_cast<void>(certificate.text());
  }
  return 0;
}
