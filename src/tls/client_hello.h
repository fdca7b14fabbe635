// What we read of a ClientHello ourselves: the server name, before the library chooses anything.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace symbolon::tls {

// The host_name of a server_name extension's body (RFC 6066 §3), in lower case. Total. An address literal is none
// (§3: "Literal IPv4 and IPv6 addresses are not permitted"). Fails with handshake_malformed: not exactly one host_name,
// lengths that disagree, an empty name or one with NUL.
Result<std::optional<std::string>> parse_server_name(ByteView extension);

}  // namespace symbolon::tls
