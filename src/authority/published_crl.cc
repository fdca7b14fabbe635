#include "authority/published_crl.h"

#include <map>
#include <set>

#include "authority/crl_folder.h"
#include "revocation/crl_parser.h"
#include "revocation/crl_reader.h"

namespace symbolon::authority {

std::optional<PublishedCrl> read_published(const Issuer& issuer, const CrlPart& part, std::string der) {
  const auto syntax = revocation::parse_crl(as_bytes(der));
  const auto number = crl_number_of(as_bytes(der));
  if (!syntax || !number) return std::nullopt;
  auto crl = revocation::read_crl(as_bytes(der), {issuer.certificate}, syntax->this_update);
  if (!crl) return std::nullopt;
  return PublishedCrl{.crl = std::make_shared<Crl>(Crl{.issuer = issuer.name,
                                                       .part = part,
                                                       .der = std::move(der),
                                                       .number = *number,
                                                       .this_update = crl->this_update,
                                                       .next_update = crl->next_update,
                                                       .entries = crl->entries.size(),
                                                       .revocations = kUnknownPosition}),
                      .entries = std::move(crl->entries)};
}

Result<CrlComparison> compare(ledger::Ledger& ledger, const CrlIssuer& all, const PublishedCrl& published) {
  const revocation::SerialTable& listed = published.entries;
  CrlComparison out;
  revocation::SerialTable known;
  std::map<x509::SerialNumber, UnixSeconds> released;
  std::set<x509::SerialNumber> missed_holds;
  TRY(ledger.revocations(published.crl->part.range(), [&](const ledger::Revocation& revocation) {
    out.newest = revocation.sequence;
    if (!all.includes(revocation.issuer)) return ledger::Proceed::yes;
    const bool unlisted = !listed.find(revocation.serial);
    out.lacks = out.lacks || unlisted || !is_final(revocation.reason);
    out.misses = out.misses || (unlisted && is_final(revocation.reason));
    if (revocation.reason == ledger::RevocationReason::remove_from_crl) {
      released.insert_or_assign(revocation.serial, revocation.revoked_at);
      missed_holds.erase(revocation.serial);
    } else {
      released.erase(revocation.serial);
      known.add(revocation.serial, revocation.revoked_at);
      if (unlisted && !is_final(revocation.reason)) missed_holds.insert(revocation.serial);
    }
    return ledger::Proceed::yes;
  }));
  out.misses = out.misses || !missed_holds.empty();
  known.sort();
  listed.for_each([&](ByteView magnitude, UnixSeconds) {
    const auto serial = x509::SerialNumber::from_magnitude(magnitude);
    if (!serial) return;
    const auto end = released.find(*serial);
    const bool after_release = end != released.end() && end->second < published.crl->this_update;
    if (known.find(*serial) && !after_release) return;
    if (out.beyond++ == 0) out.first_beyond = *serial;
  });
  return out;
}

std::unexpected<Error> ahead(const Path& file, const Crl& crl, const CrlComparison& found) {
  return fail_at(file.string(), Code::crl_ahead_of_ledger,
                 "CRL {}, made {}, lists {} serials that the ledger does not have, {} among them: was an older backup "
                 "restored?",
                 crl.number, to_rfc3339(crl.this_update), found.beyond, found.first_beyond.hex());
}

}  // namespace symbolon::authority
