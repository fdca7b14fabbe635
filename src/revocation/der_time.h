// Times in CRLs (RFC 5280 §5.1.2.4 to §5.1.2.6).
#pragma once

#include "base/clock.h"
#include "revocation/der_message.h"

namespace symbolon::revocation {

// UTCTime or GeneralizedTime as RFC 5280 writes them: with seconds, in UTC, without fractions. Nothing: another.
std::optional<UnixSeconds> time_of(const x509::der::Element& element);
// The next element. Fails with the message's code; `what` it is, for people.
Result<UnixSeconds> read_time(const DerMessage& message, x509::der::Reader& reader, std::string_view what);

}  // namespace symbolon::revocation
