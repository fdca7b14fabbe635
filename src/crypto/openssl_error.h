// OpenSSL's error queue, translated and drained at every call that failed.
#pragma once

#include <fmt/format.h>

#include <string>

#include "base/error.h"

namespace symbolon::crypto {

// The queue's reasons, oldest first, joined by "; ". The queue of this thread is empty afterwards.
std::string drain_openssl_errors();

// fail(code, "what: reasons") with the queue drained.
std::unexpected<Error> openssl_failure(Code code, std::string_view what);

}  // namespace symbolon::crypto
