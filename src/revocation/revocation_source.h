// The revocation snapshot that a process judges by, and the generation of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>

#include "revocation/revocation_set.h"
#include "x509/revocation_checker.h"

namespace symbolon::revocation {

// One serial whose entry came to the set, changed, or left it.
struct Addition {
  IssuerKey issuer;
  x509::SerialNumber serial;
};

// Thread-safe. A check works on the snapshot that was current when it began.
class RevocationSource final : public x509::RevocationChecker {
 public:
  RevocationSource();  // an empty set, generation 0
  explicit RevocationSource(std::shared_ptr<const RevocationSet> set);

  // Puts a whole new set in place; never null. Raises the generation.
  void swap(std::shared_ptr<const RevocationSet> set);
  // Adds one revocation to the current set. Raises the generation.
  void add(const IssuerKey& issuer, const x509::SerialNumber& serial, UnixSeconds since);
  // Makes these changes, in their order, and puts what they come to in place at once. What changes nothing is passed
  // over (RevocationSet::with). Raises the generation. Many are told as a whole new set. By one thread at a time.
  void apply(const std::vector<Change>& changes);

  // Called after every change, once generation() has grown, by whoever made it; must not block. It gets what was added,
  // or null: anything may be different. Replaces the one of before; when this returns, that one is not being called any
  // more.
  using Told = std::function<void(const Addition* added)>;
  void on_change(Told told) const;

  // For a set that somebody keeps new, and who may fall silent: beyond this time what is not revoked is `unknown`, for
  // all issuers that the set knows. Called again and again.
  void good_until(UnixSeconds until) { good_until_.store(until.count, std::memory_order_release); }

  std::shared_ptr<const RevocationSet> current() const;
  // Grows by one with every change.
  std::uint64_t generation() const override { return generation_.load(std::memory_order_acquire); }

  Answer check(const x509::Certificate& issuer, const x509::SerialNumber& serial, UnixSeconds at) const override;
  Answer check_certificate(const x509::Certificate& issuer, const x509::Certificate& subject,
                           UnixSeconds at) const override;
  Answer check_pinned(const x509::Certificate& subject, UnixSeconds at) const override;

 private:
  bool is_stale(UnixSeconds at) const { return at.count > good_until_.load(std::memory_order_acquire); }
  Answer stale(UnixSeconds at) const;

  mutable std::mutex mutex_;  // guards set_ and the order of changes
  std::shared_ptr<const RevocationSet> set_;
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<std::int64_t> good_until_{std::numeric_limits<std::int64_t>::max()};

  void tell(const Addition* added) const;
  mutable std::mutex telling_;  // guards told_, and is held while it is called
  mutable Told told_;
};

}  // namespace symbolon::revocation
