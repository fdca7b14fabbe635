// CRC32C (Castagnoli), RFC 9260 Appendix A: the checksum of the PROXY protocol's version 2.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace symbolon::net {

std::uint32_t crc32c(ByteView octets);

}  // namespace symbolon::net
