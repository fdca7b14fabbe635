// The CRLs of other CAs that certificates are judged by, each with its own scope and its own end (RFC 5280 §6.3.3).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "revocation/crl_reader.h"
#include "revocation/issuer_key.h"
#include "x509/revocation_checker.h"

namespace symbolon::revocation {

// One list, as it is judged by. Immutable; the entries are shared, never copied.
struct KnownCrl {
  std::shared_ptr<const CrlFile> file;  // not null
  std::string from;                     // the file or URL that it came from, for people
  std::optional<Seconds> grace;         // after nextUpdate; none: it never becomes too old

  // When what it does not list is no longer good; none: never.
  std::optional<UnixSeconds> good_until() const;
};

// Fails with crl_number_went_back when `next` is older than what it would replace: a smaller cRLNumber (RFC 5280
// §5.2.3: "monotonically increasing"), or, where those are equal or one has none, an earlier thisUpdate. Lists of
// another issuer or another scope, and a full one and a delta, do not replace each other.
bool may_replace(const CrlFile& before, const CrlFile& next);
Status check_successor(const CrlFile& before, const CrlFile& next);

// Immutable; share it as std::shared_ptr<const CrlSet>. Issuers that nothing is said about are not asked for.
//
// A full list that the newest delta goes with (delta_crl.h) is judged by together with it: what the delta lists is
// revoked, what it removes is not, if the full list has it on hold; and it is as fresh as the delta. A delta whose base
// is missing makes nothing good, but what it lists is revoked.
class CrlSet {
 public:
  using Answer = x509::RevocationChecker::Answer;
  struct Contents {
    std::vector<KnownCrl> lists;
    std::vector<x509::Certificate> demanded;  // a list must cover what these issued
    // Whose list from some place has never come: nothing of these is good, whatever other lists say.
    struct Awaited {
      x509::Certificate issuer;
      std::string why;
    };
    std::vector<Awaited> awaited;
  };
  CrlSet() = default;  // nobody is spoken for
  explicit CrlSet(Contents contents);

  // Revoked when any list says so, however old it is; good when a list that is not too old covers the certificate (all
  // certificates of the issuer, where `subject` is null).
  Answer check(const IssuerKey& issuer, const x509::SerialNumber& serial, const x509::Certificate* subject,
               UnixSeconds at) const;
  // For a certificate that is trusted by itself: by those issuers of its issuer's name that may have issued it.
  Answer check_pinned(const x509::Certificate& subject, UnixSeconds at) const;
  const std::vector<KnownCrl>& lists() const { return lists_; }
  // The delta that goes with this full list, which is as fresh as that; null: none does. Lives as long as the set.
  const CrlFile* delta_of(const CrlFile& crl) const;
  // Is it a delta whose base is missing?
  bool lacks_base(const CrlFile& crl) const;
  bool speaks() const { return !issuers_.empty(); }

 private:
  struct Full {  // places in lists_
    std::size_t list;
    std::optional<std::size_t> delta;
  };
  struct Issuer {
    std::vector<Full> fulls;
    std::vector<std::size_t> deltas;          // whose base is missing
    std::string awaited;                      // empty: nothing is
    std::vector<x509::Certificate> known_as;  // one at least
  };
  Issuer& issuer_of(const x509::Certificate& certificate);
  void add_delta(std::size_t delta);
  std::optional<UnixSeconds> revoked(const Full& full, const x509::SerialNumber& serial) const;
  std::optional<UnixSeconds> revoked(const Issuer& issuer, const x509::SerialNumber& serial) const;
  Answer check(const Issuer& issuer, const x509::SerialNumber& serial, const x509::Certificate* subject,
               UnixSeconds at) const;

  std::vector<KnownCrl> lists_;
  std::unordered_map<IssuerKey, Issuer, IssuerKeyHash> issuers_;
};

// The current one. Thread-safe; a check works on the set that was current when it began.
class CrlSource final : public x509::RevocationChecker {
 public:
  void swap(std::shared_ptr<const CrlSet> set);  // never null
  std::shared_ptr<const CrlSet> current() const;

  Answer check(const x509::Certificate& issuer, const x509::SerialNumber& serial, UnixSeconds at) const override;
  Answer check_certificate(const x509::Certificate& issuer, const x509::Certificate& subject,
                           UnixSeconds at) const override;
  Answer check_pinned(const x509::Certificate& subject, UnixSeconds at) const override;
  std::uint64_t generation() const override { return generation_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<bool> speaks_{false};  // of any issuer: else nothing is looked up
  mutable std::mutex mutex_;
  std::shared_ptr<const CrlSet> set_ = std::make_shared<const CrlSet>();
};

}  // namespace symbolon::revocation
