#include "authority/published_crl.h"

#include <map>
#include <set>

#include "authority/crl_folder.h"
#include "base/octet_source.h"
#include "revocation/crl_parser.h"
#include "revocation/crl_reader.h"

namespace symbolon::authority {

std::optional<PublishedCrl> read_published(const Issuer& issuer, const CrlPart& part, std::string der) {
  const auto deltas = part.delta ? revocation::Deltas::take : revocation::Deltas::refuse;
  ViewSource beginning(as_bytes(der));
  const auto head = revocation::CrlStream(beginning, deltas).head();
  const auto number = crl_number_of(as_bytes(der));
  if (!head || !number) return std::nullopt;
  ViewSource whole(as_bytes(der));
  auto crls = revocation::read_crls(whole, {issuer.certificate}, {.now = head->this_update, .deltas = deltas});
  if (!crls || crls->size() != 1 || crls->front().is_delta() != part.delta) return std::nullopt;
  revocation::CrlFile& crl = crls->front();
  return PublishedCrl{.crl = std::make_shared<Crl>(Crl{.issuer = issuer.name,
                                                       .part = part,
                                                       .der = std::move(der),
                                                       .number = *number,
                                                       .this_update = crl.this_update,
                                                       .next_update = crl.next_update,
                                                       .entries = crl.entries.size() + crl.removed.size(),
                                                       .revocations = kUnknownPosition}),
                      .entries = std::move(crl.entries)};
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
    const bool release = revocation.reason == ledger::RevocationReason::remove_from_crl;
    if (unlisted) {
      if (release) missed_holds.erase(revocation.serial);
      if (!release && !is_final(revocation.reason)) missed_holds.insert(revocation.serial);
    } else if (release) {
      released.insert_or_assign(revocation.serial, revocation.revoked_at);
    } else {
      released.erase(revocation.serial);
      known.add(revocation.serial, revocation.revoked_at);
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
