// A CRL that lies in the state folder, read and held against the ledger.
#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "authority/crl_content.h"
#include "authority/crl_publisher.h"
#include "ledger/ledger.h"
#include "revocation/serial_table.h"

namespace symbolon::authority {

// Crl::revocations of one whose place in the ledger is not known.
inline constexpr std::uint64_t kUnknownPosition = std::numeric_limits<std::uint64_t>::max();

struct PublishedCrl {
  std::shared_ptr<Crl> crl;  // kUnknownPosition
  revocation::SerialTable entries;
};
// None: it cannot be read, is a delta CRL where a full one is expected, or the other way round, or is not signed by
// that CA. Its dates do not count: one that has
// ended lists what is revoked all the same.
std::optional<PublishedCrl> read_published(const Issuer& issuer, const CrlPart& part, std::string der);

// With the serials that the CRL is about.
struct CrlComparison {
  std::uint64_t newest = 0;         // Revocation::sequence of the last one that the ledger has, whichever CA's
  bool lacks = false;               // the ledger may say something else of one that the CRL lists, or not
  bool misses = false;              // something is revoked now that the CRL does not list
  std::size_t beyond = 0;           // how many serials the CRL lists that the ledger does not have
  x509::SerialNumber first_beyond;  // one of them
};
// What was released counts as not there where the CRL, which lists it, was made later. Of a delta CRL `lacks` and
// `misses` say nothing, and what it takes out is not looked at: the ledger is stricter without that. Fails as the
// ledger does.
Result<CrlComparison> compare(ledger::Ledger& ledger, const CrlIssuer& all, const PublishedCrl& published);
// Fails with crl_ahead_of_ledger.
std::unexpected<Error> ahead(const Path& file, const Crl& crl, const CrlComparison& found);

}  // namespace symbolon::authority
