// The fixed octets of the PROXY protocol. Private to this folder.
#pragma once

#include <cstdint>
#include <string_view>

namespace symbolon::net {

using namespace std::string_view_literals;

inline constexpr std::string_view kSignatureV1 = "PROXY "sv;                                            // §2.1
inline constexpr std::string_view kSignatureV2 = "\x0D\x0A\x0D\x0A\x00\x0D\x0A\x51\x55\x49\x54\x0A"sv;  // §2.2

// Octet 13: version and command.
inline constexpr std::uint8_t kCommandLocal = 0x20;
inline constexpr std::uint8_t kCommandProxy = 0x21;

// Octet 14: address family and transport. (0x12, 0x22 and 0x32 are datagrams.)
inline constexpr std::uint8_t kUnspecified = 0x00;
inline constexpr std::uint8_t kTcp4 = 0x11;
inline constexpr std::uint8_t kTcp6 = 0x21;
inline constexpr std::uint8_t kUnixStream = 0x31;

// §2.2.6, `client`.
inline constexpr std::uint8_t kClientSsl = 0x01;
inline constexpr std::uint8_t kClientCertConn = 0x02;
inline constexpr std::uint8_t kClientCertSess = 0x04;

}  // namespace symbolon::net
