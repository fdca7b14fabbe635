#include "enroll/crl_signature.h"

#include <set>

#include "revocation/crl_builder.h"

namespace symbolon::enroll {
namespace {

// cRLNumber is about the time; a clock that ran ahead may have pushed it beyond, but not so far that none could follow.
constexpr Seconds kFarthestNumber = kDay * 365 * 10;

Status check(const api::NewCrlAnswer& answer, Seconds longest, UnixSeconds now) {
  const bool about_now =
      answer.this_update <= now + kCrlClockTolerance && answer.this_update >= now - kCrlClockTolerance;
  if (!about_now || answer.next_update <= answer.this_update || answer.next_update > answer.this_update + longest) {
    return fail(Code::bad_request, "the authority asks to sign a CRL from {} to {}; now it is {}",
                to_rfc3339(answer.this_update), to_rfc3339(answer.next_update), to_rfc3339(now));
  }
  if (answer.number < 1 || answer.number > (now + kFarthestNumber).count) {
    return fail(Code::bad_request, "the authority asks to sign a CRL of the number {}", answer.number);
  }
  return {};
}

Bytes key_identifier_of(const x509::Certificate& ca) {
  if (const auto& own = ca.subject_key_identifier()) return *own;
  return to_bytes(ca.public_key().key_identifier());
}

Status add_entries(revocation::CrlBuilder& builder, const std::vector<api::CrlEntry>& entries) {
  std::set<x509::SerialNumber> listed;
  for (const api::CrlEntry& entry : entries) {
    const auto serial = TRY(x509::SerialNumber::parse(entry.serial));
    if (!listed.insert(serial).second) return fail(Code::bad_request, "serial {} comes twice", entry.serial);
    if (entry.reason == api::RevocationReason::remove_from_crl) {
      return fail(Code::bad_request, "serial {} has the reason removeFromCRL", entry.serial);
    }
    builder.add({.serial = serial,
                 .revoked_at = entry.at,
                 .reason = static_cast<std::uint8_t>(entry.reason),
                 .invalid_since = entry.invalid_since});
  }
  return {};
}

}  // namespace

Result<SignedCrl> sign_crl(const api::NewCrlAnswer& answer, Seconds longest, const x509::Certificate& ca,
                           crypto::PrivateKey key, UnixSeconds now) {
  if (!key.belongs_to(ca.public_key())) return fail(Code::key_mismatch, "it is not the key of {}", ca.text());
  if (ca.key_usage() && (*ca.key_usage() & x509::crl_sign) == 0) {
    return fail(Code::crl_issuer_may_not_sign, "{}: its keyUsage lacks cRLSign", ca.text());
  }
  TRY(check(answer, longest, now));
  const auto signer = TRY(crypto::make_signer(std::move(key)));
  const ByteView algorithm = signer->algorithm_identifier();
  auto builder = TRY(revocation::CrlBuilder::begin({.issuer = ca.subject(),
                                                    .authority_key_identifier = key_identifier_of(ca),
                                                    .number = static_cast<std::uint64_t>(answer.number),
                                                    .this_update = answer.this_update,
                                                    .next_update = answer.next_update},
                                                   algorithm));
  TRY(add_entries(builder, answer.entries));
  const Bytes tbs = std::move(builder).finish();
  const Bytes signature = TRY(signer->sign(tbs));
  return SignedCrl{.der = revocation::assemble_crl(tbs, algorithm, signature),
                   .signature = {.number = answer.number, .signature = to_base64(signature)}};
}

}  // namespace symbolon::enroll
