// Who counts as one source: an IPv4 address, or the /64 of an IPv6 address, all of which one host holds (RFC 4291
// §2.5.4). Private to this folder.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace symbolon::gateway {

// IPv4 as ::ffff:192.0.2.1; all zeros for what is no address ("unix").
using SourceKey = std::array<std::uint8_t, 16>;

// `address` as in net::PeerAddress.
SourceKey source_key(const std::string& address);
// What a service causes is counted apart from what clients do: no client's address (they are unicast) has such a key.
SourceKey service_key(std::string_view text);
inline bool is_address(const SourceKey& key) { return key != SourceKey{}; }

// Seeded at the start of the process: nobody can choose addresses that collide.
struct SourceHash {
  std::size_t operator()(const SourceKey& key) const;
};

}  // namespace symbolon::gateway
