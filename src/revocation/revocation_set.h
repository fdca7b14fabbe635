// Everything that is revoked, as one immutable snapshot: per issuer its revoked serials and how fresh that knowledge
// is.
#pragma once

#include <cstddef>
#include <map>
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

// What may happen to a serial (RFC 5280 §5.3.1). What is revoked stays so; what is on hold (certificateHold) can be
// revoked for good, or released (removeFromCRL).
enum class Effect : std::uint8_t { revoked, held, released };

struct Change {
  IssuerKey issuer;
  x509::SerialNumber serial;
  UnixSeconds at;
  Effect effect = Effect::revoked;
};

enum class SerialState : std::uint8_t { unrevoked, held, revoked };

// Immutable; share it as std::shared_ptr<const RevocationSet>. What is on hold is kept apart from what is revoked: a
// release cannot touch the latter, whoever sends it.
class RevocationSet {
 public:
  class Builder;
  using Answer = x509::RevocationChecker::Answer;

  RevocationSet();  // nothing is revoked, no issuer is known

  // Without the certificate only data about all that the issuer issued makes an answer `good`.
  Answer check(const IssuerKey& issuer, const x509::SerialNumber& serial, UnixSeconds at) const;
  Answer check_certificate(const IssuerKey& issuer, const x509::Certificate& subject, UnixSeconds at) const;
  bool revoked(const IssuerKey& issuer, const x509::SerialNumber& serial) const;  // or on hold
  SerialState state(const IssuerKey& issuer, const x509::SerialNumber& serial) const;
  // By any issuer of this name, whatever its key: since when.
  std::optional<UnixSeconds> revoked_by_name(const x509::DistinguishedName& issuer,
                                             const x509::SerialNumber& serial) const;

  // A copy with one more entry; shares all that did not change. Costs microseconds, whatever the size.
  std::shared_ptr<const RevocationSet> with(const IssuerKey& issuer, const x509::SerialNumber& serial,
                                            UnixSeconds since) const;
  // Likewise after a change. Null where it changes nothing: it is so already, or what it would release is not on hold,
  // or was put on hold after that.
  std::shared_ptr<const RevocationSet> with(const Change& change) const;
  // Which of them change something after those before them: their places, in order.
  std::vector<std::size_t> effective(const std::vector<Change>& changes) const;

  bool knows(const IssuerKey& issuer) const;
  bool knows_name(const x509::DistinguishedName& issuer) const;

  // Every issuer, and every entry of it.
  template <typename Visit, typename VisitEntry>
  // void(IssuerKey), void(IssuerKey, ByteView magnitude, UnixSeconds, SerialState)
  void for_each(Visit visit, VisitEntry visit_entry) const {
    for (const auto& [key, issuer] : issuers_) {
      visit(key);
      issuer.revoked.for_each(
          [&](ByteView serial, UnixSeconds since) { visit_entry(key, serial, since, SerialState::revoked); });
      issuer.held.for_each(
          [&](ByteView serial, UnixSeconds since) { visit_entry(key, serial, since, SerialState::held); });
    }
  }

  std::size_t size() const;  // entries
  std::size_t issuers() const;
  std::size_t memory() const;  // octets held by entries

 private:
  // Serials in two tables, so that an addition copies little.
  struct Layers {
    Layers();  // empty
    explicit Layers(SerialTable table);
    std::optional<UnixSeconds> find(const x509::SerialNumber& serial) const;
    void add(const x509::SerialNumber& serial, UnixSeconds since);
    void remove(const x509::SerialNumber& serial);
    std::size_t size() const;
    std::size_t memory() const { return bulk->memory() + recent->memory(); }
    template <typename Visit>
    void for_each(Visit visit) const {
      for (const auto& table : {bulk, recent}) table->for_each(visit);
    }

    std::shared_ptr<const SerialTable> bulk;
    std::shared_ptr<const SerialTable> recent;  // added since; folded into bulk when it grows
  };
  struct Issuer {
    Layers revoked;
    Layers held;
    std::vector<Coverage> coverage;  // by one list each

    SerialState state(const x509::SerialNumber& serial) const;
    std::optional<UnixSeconds> since(const x509::SerialNumber& serial) const;  // revoked or on hold
  };
  bool changes(const Change& change) const;
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
  // In the order in which they happened, also to what was added before.
  Builder& change(const Change& change);
  // All that this set has: issuers, their coverage and their entries.
  Builder& add(const RevocationSet& set);
  // Takes a whole table, as a CRL brings it.
  Builder& add(const IssuerKey& key, const Coverage& coverage, SerialTable table);
  std::shared_ptr<const RevocationSet> build();

 private:
  struct Pending {
    SerialTable table;
    std::map<x509::SerialNumber, UnixSeconds> held = {};  // counts for what is not in the table
    std::vector<Coverage> coverage;
  };
  std::unordered_map<IssuerKey, Pending, IssuerKeyHash> pending_;
  Demand demand_ = Demand::listed;
  Seconds grace_{0};
};

}  // namespace symbolon::revocation
