// Holds what is recorded as an intent against its profile, by the recorded bytes alone: for the signer, which believes
// nobody. What passes could have come from Issuance::prepare.
#pragma once

#include "authority/crl_part.h"
#include "authority/issuer.h"
#include "authority/profile.h"
#include "base/clock.h"
#include "base/error.h"
#include "ledger/intent_reader.h"

namespace symbolon::authority {

// How far the clock of whoever reserved may be ahead of ours.
inline constexpr Seconds kIntentTolerance = kMinute * 5;

struct IntentRules {
  const ProfileSet& profiles;
  CrlPlaces crls = {};             // as IssuanceOptions::crls
  std::string_view ocsp_url = {};  // likewise
  // The key that answers for this CA by OCSP: certificates for OCSP signing are for it alone, or whoever took the
  // authority over could say of any certificate what they like. Null: there is none; they are for any key.
  const crypto::PublicKey* responder = nullptr;
};

// Reserved and not yet completed, in the profile that the record names, linted, of this issuer, with this serial, not
// over, not longer than the profile allows, neither altogether nor from now on, and not beginning longer before it was
// reserved than kBackdate. Fails with intent_missing (it is in another state), ca_revoked (the issuer, or one above
// it), intent_out_of_profile, lint_..., and the codes of Profile's checks.
Status check_intent(const ledger::RecordedIntent& intent, const Issuer& issuer, const IntentRules& rules,
                    UnixSeconds now);

}  // namespace symbolon::authority
