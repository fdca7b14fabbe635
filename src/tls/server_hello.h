// What we read of a ServerHello ourselves: a library that gives up on one does not say what stood in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace symbolon::tls {

// The version that a ServerHello or HelloRetryRequest (RFC 8446 §4.1.3; with its header) chooses: that of its
// supported_versions, else its legacy_version. Total; none: it breaks off before that is known.
std::optional<std::uint16_t> server_hello_version(ByteView message);

// As OpenSSL writes it: "TLSv1.3", "TLSv1" (of 1.0), "SSLv3"; "0x7f1c" where it has no name.
std::string version_text(std::uint16_t version);

}  // namespace symbolon::tls
