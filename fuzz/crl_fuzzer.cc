// Whatever a CRL holds: it is read without a crash, every view lies inside it, and what fails says so with a crl_ code.
#include <cstdint>
#include <string_view>

#include "revocation/crl_parser.h"
#include "revocation/crl_reader.h"

namespace {

using namespace symbolon;

bool is_inside(ByteView whole, ByteView part) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

bool is_crl_code(Code code) { return name(code).starts_with("crl_") || code == Code::pem_malformed; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  if (const auto crl = revocation::parse_crl(input)) {
    for (const ByteView view : {crl->to_be_signed, crl->algorithm, crl->signature, crl->issuer, crl->entries}) {
      ENSURE(is_inside(input, view));
    }
    revocation::SerialTable table;
    std::size_t count = 0;
    const Status walked = revocation::for_each_entry(input, *crl, [&](ByteView content, UnixSeconds since) {
      ENSURE(!content.empty() && is_inside(crl->entries, content));
      ++count;
      if (const auto serial = x509::SerialNumber::from_der_content(content)) table.add(*serial, since);
    });
    ENSURE(walked || is_crl_code(walked.error().code));
    ENSURE(count * 17 <= crl->entries.size());  // an entry has at least a serial and a time
    table.sort();
    ENSURE(table.size() <= count);
  } else {
    ENSURE(is_crl_code(crl.error().code));
  }
  // Nobody is known, so nothing can be accepted.
  const auto file = revocation::read_crl(input, {}, UnixSeconds{1'800'000'000});
  ENSURE(!file && is_crl_code(file.error().code));
  return 0;
}
