// What the CRL of a CA says (RFC 5280 §5): one function for whoever builds it, the authority that publishes it or the
// signer that signs it. Both read the ledger for themselves and come to the same octets.
#pragma once

#include <cstdint>
#include <functional>

#include "authority/issuer.h"
#include "base/error.h"
#include "ledger/ledger.h"
#include "signer/message.h"

namespace symbolon::authority {

// nextUpdate lies at most this long after thisUpdate.
inline constexpr Seconds kLongestCrl = kDay * 90;
inline constexpr Seconds kShortestCrl = kHour;
// How far the clocks of authority and signer may be apart, and how late a CRL may be signed.
inline constexpr Seconds kCrlTolerance = kMinute * 5;
// cRLNumber is the time where none was used up for it; a clock that ran ahead may have pushed it beyond.
inline constexpr Seconds kFarthestCrlNumber = kDay * 365 * 10;

// Every revocation of the ledger, all CAs', in their order.
using WalkRevocations = std::function<Status(const ledger::Ledger::RevocationVisitor& each)>;

struct CrlContent {
  Bytes tbs;
  std::uint64_t entries = 0;
  std::uint64_t newest = 0;  // Revocation::sequence of the last one that the ledger has
  // Of this CA, beyond what the name says: when the first one was revoked.
  std::optional<UnixSeconds> first_left_out = {};
};

// The TBSCertList of that name. Fails with crl_issuer_may_not_sign, bad_request (dates that cannot be written), as the
// walk does, and with intent_missing: the ledger has fewer revocations than the name says.
Result<CrlContent> crl_content(const Issuer& issuer, const signer::CrlName& name, const WalkRevocations& walk);

// For the signer: would an authority that is itself ask for this now? thisUpdate is about now, nextUpdate within
// kLongestCrl of it, the number neither older than thisUpdate nor absurd. Fails with intent_out_of_profile.
Status check_crl_name(const signer::CrlName& name, UnixSeconds now);
// Likewise: nothing is left out that was revoked a while before. Fails with intent_out_of_profile.
Status check_crl_content(const CrlContent& content, const signer::CrlName& name);

}  // namespace symbolon::authority
