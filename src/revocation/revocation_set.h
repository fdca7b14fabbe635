// Everything that is revoked, as one immutable snapshot: per issuer its revoked serials and how fresh that knowledge
// is.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "revocation/coverage.h"
#include "revocation/issuer_key.h"
#include "revocation/serial_table.h"
#include "x509/revocation_checker.h"

namespace symbolon::revocation {

// About which issuers data must be there for `good` to be said. Data that is there must always be fresh and cover the
// certificate.
enum class Demand : std::uint8_t {
  listed,  // about issuers that the set does not know nothing is asked
  every,   // every issuer must be known
};

// Immutable; share it as std::shared_ptr<const RevocationSet>.
class RevocationSet {
 public:
  class Builder;
  using Answer = x509::RevocationChecker::Answer;

  RevocationSet();  // nothing is revoked, no issuer is known

  // Without the certificate only data about all that the issuer issued makes an answer `good`.
  Answer check(const IssuerKey& issuer, const x509::SerialNumber& serial, UnixSeconds at) const;
  Answer check_certificate(const IssuerKey& issuer, const x509::Certificate& subject, UnixSeconds at) const;
  bool revoked(const IssuerKey& issuer, const x509::SerialNumber& serial) const;
  // By any issuer of this name, whatever its key: since when.
  std::optional<UnixSeconds> revoked_by_name(const x509::DistinguishedName& issuer,
                                             const x509::SerialNumber& serial) const;

  // A copy with one more entry; shares all that did not change. Costs microseconds, whatever the size.
  std::shared_ptr<const RevocationSet> with(const IssuerKey& issuer, const x509::SerialNumber& serial,
                                            UnixSeconds since) const;

  bool knows(const IssuerKey& issuer) const;
  bool knows_name(const x509::DistinguishedName& issuer) const;

  // Every issuer, and every entry of it.
  template <typename Visit, typename VisitEntry>  // void(IssuerKey), void(IssuerKey, ByteView magnitude, UnixSeconds)
  void for_each(Visit visit, VisitEntry visit_entry) const {
    for (const auto& [key, issuer] : issuers_) {
      visit(key);
      for (const auto& table : {issuer.bulk, issuer.recent}) {
        if (table) table->for_each([&](ByteView serial, UnixSeconds since) { visit_entry(key, serial, since); });
      }
    }
  }

  std::size_t size() const;  // entries
  std::size_t issuers() const;
  std::size_t memory() const;  // octets held by entries

 private:
  struct Issuer {
    std::shared_ptr<const SerialTable> bulk;
    std::shared_ptr<const SerialTable> recent;  // added since; folded into bulk when it grows
    std::vector<Coverage> coverage;             // by one list each
  };
  Answer answer(const IssuerKey& key, const x509::SerialNumber& serial, const x509::Certificate* subject,
                UnixSeconds at) const;

  std::unordered_map<IssuerKey, Issuer, IssuerKeyHash> issuers_;
  Demand demand_ = Demand::listed;
  Seconds grace_{0};
};

// Not thread-safe; build() once.
class RevocationSet::Builder {
 public:
  Builder& demand(Demand demand);
  Builder& grace(Seconds grace);
  // The set knows this issuer, even when it has revoked nothing. Twice: the older next_update counts, `whole` if one
  // was.
  Builder& issuer(const IssuerKey& key, const Coverage& coverage);
  // An issuer that was not named with issuer() counts as known, whole and never stale.
  Builder& add(const IssuerKey& key, const x509::SerialNumber& serial, UnixSeconds since);
  // All that this set has: issuers, their coverage and their entries.
  Builder& add(const RevocationSet& set);
  // Takes a whole table, as a CRL brings it.
  Builder& add(const IssuerKey& key, const Coverage& coverage, SerialTable table);
  std::shared_ptr<const RevocationSet> build();

 private:
  struct Pending {
    SerialTable table;
    std::vector<Coverage> coverage;
  };
  std::unordered_map<IssuerKey, Pending, IssuerKeyHash> pending_;
  Demand demand_ = Demand::listed;
  Seconds grace_{0};
};

}  // namespace symbolon::revocation
