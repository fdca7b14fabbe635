// What the CRL of a CA says (RFC 5280 §5): one function for whoever builds it, the authority that publishes it or the
// signer that signs it. Both read the ledger for themselves and come to the same octets.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "authority/crl_part.h"
#include "authority/issuer.h"
#include "base/error.h"
#include "crypto/digest.h"
#include "ledger/ledger.h"
#include "signer/message.h"

namespace symbolon::authority {

// What may be configured: how long after thisUpdate nextUpdate lies.
inline constexpr Seconds kLongestCrl = kDay * 90;
inline constexpr Seconds kUsualCrl = kDay * 7;
inline constexpr Seconds kShortestCrl = kHour;
// thisUpdate lies this long back, so that a peer whose clock is behind takes it.
inline constexpr Seconds kCrlBackdate = kMinute;
// How far the clocks of authority and signer may be apart, and how late a CRL may be signed.
inline constexpr Seconds kCrlTolerance = kMinute * 5;
// cRLNumber is the time where none was used up for it; a clock that ran ahead may have pushed it beyond.
inline constexpr Seconds kFarthestCrlNumber = kDay * 365 * 10;

// What a CRL is built from: the revocations of a ledger, all CAs', in their order.
struct CrlFacts {
  std::function<Status(const ledger::RevocationRange& range, const ledger::Ledger::RevocationVisitor& each)> walk;
  std::function<Result<std::uint64_t>()> newest;  // Revocation::sequence of the last one
};
CrlFacts facts_of(ledger::Ledger& ledger);

// To whoever reads CRLs, CA certificates with one name and one key are one CA: a renewed one beside the older one. Its
// CRLs list what any of them issued, and count on from each other.
struct CrlIssuer {
  std::vector<ledger::IssuerId> ids;  // in the order of the set, this one among them
  std::vector<std::string> names;
  static CrlIssuer of(const Issuer& issuer, const IssuerSet& issuers);
  bool includes(ledger::IssuerId id) const;
};

// RFC 5280 §4.2.1.3: "The cRLSign bit is asserted when the subject public key is used for verifying signatures on
// certificate revocation lists".
bool may_sign_crls(const Issuer& issuer);

struct CrlContent {
  Bytes tbs;
  std::uint64_t entries = 0;
  // Final entries come first, in the order in which they became so: what is added later only ever follows. Their octets
  // and the digest of these; the digest of as many of the first octets as was asked for, unless there are fewer; and
  // that of all entries, holds included.
  std::size_t octets = 0;
  crypto::Sha256 digest{};
  std::optional<crypto::Sha256> digest_of_first = {};
  crypto::Sha256 digest_of_all{};
  // Of this CA, beyond what the name says: when the first and the last one was revoked, by what the ledger says.
  struct LeftOut {
    UnixSeconds first;
    UnixSeconds last;
  };
  std::optional<LeftOut> left_out = {};
};

struct CrlContentOptions {
  CrlPlaces places = {};
  std::uint64_t base_revocations = 0;                            // of a delta CRL: CrlName::revocations of its base
  std::size_t first_octets = 0;                                  // see CrlContent
  std::function<void(const ledger::Revocation&)> on_entry = {};  // of each, in the order of the CRL; unset: nobody asks
};

// The TBSCertList of that name; no serial stands in it twice. Of a delta CRL: what came or went since its base,
// releases as removeFromCRL, also of what was put on hold since (RFC 5280 §5.2.4: whoever has a full CRL between the
// two may have it so). Fails with crl_issuer_may_not_sign, bad_request (dates that cannot be written), as the walk
// does, and with crl_not_of_ledger: the ledger has fewer revocations than the name says.
Result<CrlContent> crl_content(const Issuer& issuer, const CrlIssuer& all, const signer::CrlName& name,
                               const CrlFacts& facts, const CrlContentOptions& options = {});

// For the signer: would an authority that is itself ask for this now? thisUpdate is about now, nextUpdate within
// `longest` of it, the number neither older than thisUpdate nor absurd, the part one that there is. Fails with
// crl_out_of_bounds.
Status check_crl_name(const signer::CrlName& name, Seconds longest, UnixSeconds now);
// Likewise: nothing is left out but what was revoked just now. Fails with crl_not_of_ledger.
Status check_crl_content(const CrlContent& content, const signer::CrlName& name, UnixSeconds now);

}  // namespace symbolon::authority
