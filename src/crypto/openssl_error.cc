#include "crypto/openssl_error.h"

#include <openssl/err.h>

namespace symbolon::crypto {

std::string drain_openssl_errors() {
  std::string out;
  const char* data = nullptr;
  int flags = 0;
  while (const unsigned long problem = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags)) {
    const char* const reason = ERR_reason_error_string(problem);
    if (!out.empty()) out += "; ";
    out += reason != nullptr ? std::string(reason) : fmt::format("error {:#x}", problem);
    if (data != nullptr && (flags & ERR_TXT_STRING) != 0 && *data != '\0') out += fmt::format(" ({})", data);
  }
  return out;
}

std::unexpected<Error> openssl_failure(Code code, std::string_view what) {
  const std::string reasons = drain_openssl_errors();
  if (reasons.empty()) return fail(code, "{}", what);
  return fail(code, "{}: {}", what, reasons);
}

}  // namespace symbolon::crypto
