#include "authority/published_crl.h"

#include "authority/crl_folder.h"
#include "revocation/crl_parser.h"
#include "revocation/crl_reader.h"

namespace symbolon::authority {

std::optional<PublishedCrl> read_published(const Issuer& issuer, std::string der) {
  const auto syntax = revocation::parse_crl(as_bytes(der));
  const auto number = crl_number_of(as_bytes(der));
  if (!syntax || !number) return std::nullopt;
  auto crl = revocation::read_crl(as_bytes(der), {issuer.certificate}, syntax->this_update);
  if (!crl) return std::nullopt;
  return PublishedCrl{.crl = std::make_shared<Crl>(Crl{.issuer = issuer.name,
                                                       .der = std::move(der),
                                                       .number = *number,
                                                       .this_update = crl->this_update,
                                                       .next_update = crl->next_update,
                                                       .entries = crl->entries.size(),
                                                       .revocations = kUnknownPosition}),
                      .entries = std::move(crl->entries)};
}

Result<CrlComparison> compare(ledger::Ledger& ledger, const CrlIssuer& all, const revocation::SerialTable& listed) {
  CrlComparison out;
  revocation::SerialTable known;
  TRY(ledger.revocations(0, [&](const ledger::Revocation& revocation) {
    out.newest = revocation.sequence;
    if (!all.includes(revocation.issuer)) return ledger::Proceed::yes;
    out.lacks = out.lacks || !listed.find(revocation.serial);
    known.add(revocation.serial, revocation.revoked_at);
    return ledger::Proceed::yes;
  }));
  known.sort();
  listed.for_each([&](ByteView magnitude, UnixSeconds) {
    const auto serial = x509::SerialNumber::from_magnitude(magnitude);
    if (!serial || known.find(*serial)) return;
    if (out.beyond++ == 0) out.first_beyond = *serial;
  });
  return out;
}

}  // namespace symbolon::authority
