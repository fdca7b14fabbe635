// Which CRL of a CA: the full one, the delta CRL beside it, or that of one distribution point (a shard).
//
// The certificates of a CA are divided among 2, 4, ... 256 distribution points by the last octet of their serials,
// which is random: whoever knows the serial and into how many parts knows which one it is, whatever is configured
// later.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/records.h"
#include "signer/message.h"
#include "x509/serial_number.h"

namespace symbolon::authority {

inline constexpr std::uint16_t kMostShards = 256;
bool is_shard_count(std::int64_t count);  // a power of two from 2 to kMostShards

struct CrlPart {
  bool delta = false;
  std::uint16_t shards = 0;  // 0: of all certificates
  std::uint16_t shard = 0;
  auto operator<=>(const CrlPart&) const = default;

  static CrlPart of(const signer::CrlName& name);
  static CrlPart of(const x509::SerialNumber& serial, std::uint16_t shards);
  // The last of a place: "issuing.crl", "issuing/delta.crl", "issuing/16-3.crl".
  std::string place(std::string_view issuer) const;
  // Of a file's name beside those of a CA; none: it is of none of ours.
  static std::optional<CrlPart> from_file(std::string_view file);
  // The serials that it is about.
  ledger::RevocationRange range() const;
};

// What certificates and CRLs say of places; the same for authority and signer.
struct CrlPlaces {
  std::string url = {};  // before place(); empty: nowhere
  bool delta = false;    // full CRLs, and certificates that name them, name the delta CRL's
  std::string of(const CrlPart& part, std::string_view issuer) const;
};

}  // namespace symbolon::authority
