#include "api/ticket_keys.h"

#include "base/bytes.h"

namespace symbolon::api {

std::string ticket_domain_name(const crypto::Sha256& trust) {
  Bytes octets = to_bytes(as_bytes("symbolon ticket domain"));
  octets.insert(octets.end(), trust.begin(), trust.end());
  return to_hex(crypto::sha256(octets));
}

}  // namespace symbolon::api
