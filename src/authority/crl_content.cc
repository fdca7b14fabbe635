#include "authority/crl_content.h"

#include "authority/apply_profile.h"
#include "revocation/crl_builder.h"

namespace symbolon::authority {

Result<CrlContent> crl_content(const Issuer& issuer, const signer::CrlName& name, const WalkRevocations& walk) {
  ENSURE(issuer.signer != nullptr && issuer.id.value == name.issuer);
  // RFC 5280 §4.2.1.3: "The cRLSign bit is asserted when the subject public key is used for verifying signatures on
  // certificate revocation lists".
  const auto& usage = issuer.certificate.key_usage();
  if (usage && (*usage & x509::crl_sign) == 0) {
    return fail(Code::crl_issuer_may_not_sign, "the CA '{}': its keyUsage lacks cRLSign", issuer.name);
  }
  auto builder = TRY(revocation::CrlBuilder::begin({.issuer = issuer.certificate.subject(),
                                                    .authority_key_identifier = key_identifier_of(issuer.certificate),
                                                    .number = name.number,
                                                    .this_update = name.this_update,
                                                    .next_update = name.next_update},
                                                   issuer.signer->algorithm_identifier()));
  CrlContent out;
  TRY(walk([&](const ledger::Revocation& revocation) {
    out.newest = revocation.sequence;
    if (revocation.issuer != issuer.id) return ledger::Proceed::yes;
    if (revocation.sequence <= name.revocations) {
      builder.add(revocation.serial, revocation.revoked_at, static_cast<std::uint8_t>(revocation.reason));
    } else if (!out.first_left_out) {
      out.first_left_out = revocation.revoked_at;
    }
    return ledger::Proceed::yes;
  }));
  if (out.newest < name.revocations) {
    return fail(Code::intent_missing, "a CRL up to revocation {}; the ledger has {}", name.revocations, out.newest);
  }
  out.entries = builder.entries();
  out.tbs = std::move(builder).finish();
  return out;
}

namespace {

template <typename... Args>
std::unexpected<Error> refuse(const signer::CrlName& name, fmt::format_string<Args...> format, Args&&... args) {
  return fail(Code::intent_out_of_profile, "CRL {} of issuer {}: {}", name.number, name.issuer,
              fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace

Status check_crl_name(const signer::CrlName& name, UnixSeconds now) {
  if (name.this_update > now + kCrlTolerance || name.this_update < now - kCrlTolerance) {
    return refuse(name, "thisUpdate {}, now it is {}", to_rfc3339(name.this_update), to_rfc3339(now));
  }
  // Both bounds at once, so that no sum can overflow.
  if (name.next_update <= name.this_update || name.next_update > name.this_update + kLongestCrl) {
    return refuse(name, "nextUpdate {}, at most {} after thisUpdate is allowed", to_rfc3339(name.next_update),
                  to_text(kLongestCrl));
  }
  const auto least = static_cast<std::uint64_t>(std::max<std::int64_t>(name.this_update.count, 1));
  const auto most = static_cast<std::uint64_t>((name.this_update + kFarthestCrlNumber).count);
  if (name.number < least || name.number > most) {
    return refuse(name, "a number between {} and {} is expected", least, most);
  }
  return {};
}

Status check_crl_content(const CrlContent& content, const signer::CrlName& name) {
  if (!content.first_left_out || *content.first_left_out >= name.this_update - kCrlTolerance) return {};
  return refuse(name, "it would leave out what was revoked {}", to_rfc3339(*content.first_left_out));
}

}  // namespace symbolon::authority
