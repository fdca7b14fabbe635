#include "authority/head_book.h"

#include "ledger/audit_chain.h"

namespace symbolon::authority {
namespace {

constexpr std::size_t kPiece = 4096;  // entries of the audit chain that are read at once

template <typename... Args>
std::unexpected<Error> mismatch(fmt::format_string<Args...> format, Args&&... args) {
  return fail(Code::audit_head_mismatch, "the ledger does not continue what was signed before: {}",
              fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace

HeadBook::HeadBook(HeadSource source, std::shared_ptr<const crypto::Signer> key, const Clock& clock)
    : source_(std::move(source)), key_(std::move(key)), clock_(clock), issuers_(source_.issuers) {}

Result<revocation::SignedHead> HeadBook::sign(revocation::HeadKind kind) {
  if (kind == revocation::HeadKind::audit) {
    const std::lock_guard lock(audit_mutex_);
    TRY(go_on_with_audit());
    return sign({.kind = kind, .count = audit_->sequence, .hash = audit_->hash, .time = clock_.now()});
  }
  const std::lock_guard lock(feed_mutex_);
  TRY(go_on_with_feed());
  return sign({.kind = kind, .count = feed_.number, .hash = feed_.hash, .time = clock_.now()});
}

// The entry at which it stands is looked at again, and each further one is held against the one before it.
Status HeadBook::go_on_with_audit() {
  if (!audit_) {
    audit_ = TRY(source_.audit_head());
    return {};
  }
  ledger::AuditHead reached = *audit_;
  for (bool first = true;; first = false) {
    const auto entries = TRY(source_.audit(first ? reached.sequence - 1 : reached.sequence, kPiece));
    if (first && entries.empty()) return mismatch("it ends before audit entry {}", reached.sequence);
    for (const ledger::AuditEntry& entry : entries) {
      const bool known = entry.sequence == audit_->sequence;
      const bool fits =
          known ? entry.hash == audit_->hash
                : entry.sequence == reached.sequence + 1 && entry.hash == ledger::audit_hash(reached.hash, entry);
      if (!fits) return mismatch("audit entry {} is another one", entry.sequence);
      reached = {entry.sequence, entry.time, entry.hash};
    }
    if (entries.size() < kPiece) break;
  }
  audit_ = reached;
  return {};
}

Status HeadBook::go_on_with_feed() {
  revocation::FeedPoint reached = feed_;
  auto last = last_;
  Status outcome;
  bool found = !last_;
  TRY(source_.revocations(last_ ? feed_.number - 1 : 0, [&](const ledger::Revocation& revocation) {
    const auto step = [&]() -> Status {
      const auto entry = chain_entry_of(revocation, TRY(issuers_.octets_of(revocation.issuer)));
      if (!found) {
        found = revocation.sequence == feed_.number && entry == last_;
        if (!found) return mismatch("entry {} of the feed is another one", feed_.number);
        return {};
      }
      if (revocation.sequence != reached.number + 1) return mismatch("entry {} is missing", reached.number + 1);
      reached.add(entry);
      last = entry;
      return {};
    };
    outcome = step();
    return outcome ? ledger::Proceed::yes : ledger::Proceed::no;
  }));
  TRY(outcome);
  if (!found) return mismatch("it ends before entry {} of the feed", feed_.number);
  feed_ = reached;
  last_ = last;
  return {};
}

Result<revocation::SignedHead> HeadBook::sign(revocation::Head head) const {
  const std::string text = revocation::signed_text(head);
  return revocation::SignedHead{.head = head, .signature = TRY(key_->sign(as_bytes(text)))};
}

}  // namespace symbolon::authority
