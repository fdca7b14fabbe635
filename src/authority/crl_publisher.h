// Makes the CRLs of this authority and keeps them new, off the path of any request.
//
//   number claimed · bytes built from the ledger · signed (where the key is: here, or by the signer, which builds them
//   for itself) · signature verified · put in the older one's place, never in a newer one's
//
// thisUpdate rises from one to the next as the number does, so that whoever goes by the date sees a newer one.
//
// What was published before a process begins, delta CRLs and shards included, is held against the ledger first: where
// it lists what the ledger lacks, an older backup was restored, and none is made that would take those revocations
// back. It is served as it is.
//
// Beside the full one of a CA stand, where that is asked for, a delta CRL and those of its distribution points (shards;
// crl_part.h). Shards are made first, and at once; the full one when the time for it has come. A number of shards that
// no profile names any more goes on as long as its files lie in the folder: certificates name them.
//
// A process that ends between any two of these leaves the older CRL and a number that is not used again; the next one
// makes a new CRL when it starts.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "authority/crl_content.h"
#include "authority/issuer.h"
#include "authority/state_layout.h"
#include "base/clock.h"
#include "base/error.h"
#include "ledger/ledger.h"
#include "signer/message.h"

namespace symbolon::authority {

// One that was made and verified. Immutable.
struct Crl {
  std::string issuer;  // its name
  CrlPart part = {};
  std::string der;
  std::uint64_t number = 0;  // cRLNumber
  UnixSeconds this_update;
  UnixSeconds next_update;
  std::uint64_t entries = 0;
  std::uint64_t revocations = 0;  // Revocation::sequence of the newest one of the ledger that it takes into account
};

// One that somebody else will sign.
struct UnsignedCrl {
  signer::CrlName name;
  Bytes tbs;
  std::vector<ledger::Revocation> entries;  // in its order
};

// The signature over that CRL, by whoever has the key and builds it alike.
using SignCrl = std::function<Result<Bytes>(const signer::CrlName& crl)>;

struct CrlPublisherOptions {
  enum class Publish : std::uint8_t { no, yes };  // no: made when asked for, and kept in memory alone
  Publish publish = Publish::no;
  Seconds next_update = kUsualCrl;
  CrlPlaces places = {};
  std::optional<Seconds> delta = {};         // nextUpdate of the delta CRL beside each full one; none: there is none
  std::set<std::uint16_t> shards = {};       // into how many parts certificates are divided: each profile's
  SignCrl sign = {};                         // unset: the issuers' signers sign the bytes
  std::function<Status()> may_publish = {};  // asked before each is made; unset: yes
  std::chrono::milliseconds gather{500};     // after a revocation, so that many share a CRL; grows with what one takes
  std::chrono::milliseconds again{5'000};    // after a failure
  std::chrono::milliseconds look{30'000};    // at the clock
};

// Thread-safe. Borrows ledger and clock, which outlive it.
class CrlPublisher {
 public:
  using Issuers = std::function<std::shared_ptr<const IssuerSet>()>;
  CrlPublisher(ledger::Ledger& ledger, const Clock& clock, StateLayout layout, Issuers issuers,
               CrlPublisherOptions options);
  CrlPublisher(const CrlPublisher&) = delete;
  CrlPublisher& operator=(const CrlPublisher&) = delete;
  ~CrlPublisher();  // what is being made is finished first

  // From now on a thread makes what is missing: at once, after each revocation, when the CAs changed, and in time. What
  // was published before is served meanwhile, and what lies there of a CA of ours whose key does not. Does nothing
  // where nothing is published.
  void start();
  void issuers_changed();

  // Of the CA of that name, with every revocation that the ledger has now and at least half of its time left; made if
  // there is none, and then published where that is asked for. Fails with issuer_unknown (no such CA, or its key is not
  // at hand), as crl_content, CrlFolder and the signature do, with crypto_failed (it does not verify),
  // crl_ahead_of_ledger (see above), overloaded (one is being made), out_of_memory.
  Result<std::shared_ptr<const Crl>> current(const std::string& issuer);
  // The CRL of a CA of ours whose key somebody has elsewhere, as it would be now; its number is used up. The issuer's
  // signer says with which algorithm. Fails as crl_content and CrlFolder do, with crl_ahead_of_ledger, overloaded.
  Result<UnsignedCrl> prepare(const Issuer& issuer, Seconds next_update);
  // With its signature, published where that is asked for. Fails with crypto_failed (it does not verify),
  // already_exists (a newer one is there), file_...
  Result<std::shared_ptr<const Crl>> complete(const Issuer& issuer, const UnsignedCrl& crl, ByteView signature);
  // Whether what was published before this process began lists nothing that the ledger lacks: else who asks the ledger
  // alone would take revocations back. Always so where nothing is published, or by that CA never was. Fails with
  // crl_ahead_of_ledger, with overloaded (it was not looked at yet) or as reading it does.
  Status check_ledger(const Issuer& issuer) const;
  // Something was revoked through this ledger since it was opened, and the thread has not taken it up.
  bool owes() const;
  // Makes what is published, shards included, as new as current() would. The first failure; the others are tried all
  // the same.
  Status publish_now();

  // The last one that was made here, or was there at the start; null: none.
  std::shared_ptr<const Crl> find(const std::string& issuer, const CrlPart& part = {}) const;
  std::vector<std::shared_ptr<const Crl>> all() const;  // the full ones, by name
  // Why the last try failed, for each CA whose did; crl_issuer_may_not_sign for those that never have one; crl_lapses
  // for those whose key is not here, and whose CRL is missing (of a root: and would not be empty), may lack a
  // revocation, or has less than half of its time left.
  std::vector<Error> failures() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace symbolon::authority
