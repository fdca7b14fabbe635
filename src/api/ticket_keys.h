// POST /v1/ticket-keys: the keys of session tickets that several gateways share, for gateways alone.
//
// Whoever has one can come as any client: they travel here only, and are kept in memory only (docs/threat-model.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "crypto/digest.h"

namespace symbolon::api {

struct TicketKeysRequest {
  static constexpr std::size_t kMostDomains = 64;
  std::vector<std::string> domains;  // ticket_domain_name() of each
  bool operator==(const TicketKeysRequest&) const = default;
};

struct TicketKey {
  static constexpr std::size_t kOctets = 80;
  Secret key;   // name (16 octets), key of the cipher (32), of the MAC (32), base64
  Seconds age;  // it opens nothing any more 12 hours after its beginning
};

struct TicketDomain {
  static constexpr std::size_t kMostKeys = 4;
  std::string name;
  std::vector<TicketKey> keys;
};

struct TicketKeysAnswer {
  std::string generation;  // FeedPage::ticket_keys: all keys of another one count no more
  std::vector<TicketDomain> domains;
};

// What a domain is called on the wire, by what its routes trust: gateways that trust the same call it the same. 64
// hexadecimal digits.
std::string ticket_domain_name(const crypto::Sha256& trust);

}  // namespace symbolon::api
