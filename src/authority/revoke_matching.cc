// Many revocations in one call: everything that a query matches.
#include <condition_variable>
#include <mutex>

#include "authority/authority.h"
#include "authority/authority_impl.h"
#include "ledger/query.h"

namespace symbolon::authority {
namespace {

// So many wait for one commit; few enough that other requests come in between.
constexpr std::size_t kTogether = 500;

// Neither revoked nor ended nor given up: what is worth a revocation. What is on hold goes for good. What is reserved
// may have been signed. A CA goes only where it is named: its organization stands in every name of its hierarchy, so
// that many a query matches it.
bool goes(const ledger::CertificateRecord& record, ledger::RevocationReason reason, UnixSeconds now) {
  const bool stands = record.revocation && (is_final(record.revocation->reason) || !is_final(reason));
  return record.profile != kCaProfile && !stands && record.state != ledger::CertificateState::abandoned &&
         record.validity.not_after >= now;
}

struct Matching {
  std::vector<ledger::NewRevocation> revocations = {};
  std::vector<ledger::CertificateId> shown = {};  // the first of them
};

// All of them are found before the first is revoked: else what is revoked would move the pages.
Result<Matching> find_all(ledger::Ledger& ledger, const api::RevokeMatchingRequest& request,
                          const ledger::NewRevocation& pattern, UnixSeconds now) {
  const auto query = TRY(ledger::parse_query(request.query, now));
  if (pattern.reason == ledger::RevocationReason::remove_from_crl) {
    return fail(Code::bad_request, "removeFromCRL is no reason to revoke anything");
  }
  if (query.everything()) {
    return fail(Code::query_malformed, "it would revoke everything; if that is meant, say state:valid");
  }
  Matching out;
  ledger::Page page{.limit = ledger::kLargestPage};
  do {
    const auto listing = TRY(ledger.list(query, page));
    for (const ledger::CertificateRecord& record : listing.certificates) {
      if (!goes(record, pattern.reason, now)) continue;
      if (std::cmp_greater_equal(out.revocations.size(), request.at_most)) {
        return fail(Code::ambiguous, "more than {} certificates match", request.at_most);
      }
      ledger::NewRevocation one = pattern;
      one.issuer = record.issuer;
      one.serial = record.serial;
      out.revocations.push_back(std::move(one));
      if (out.shown.size() < api::RevokeMatchingAnswer::kMostShown) out.shown.push_back(record.id);
    }
    page.after = listing.next;
  } while (!page.after.empty());
  return out;
}

// The number, in the feed, of the newest of those that share a commit. The hooks run on the committer's thread.
class NewestRevoked {
 public:
  explicit NewestRevoked(std::size_t awaited) : awaited_(awaited) {}

  void take(Result<ledger::RevocationOutcome> outcome) {
    const std::lock_guard lock(mutex_);
    if (outcome) {
      newest_ = std::max(newest_, outcome->revocation.sequence);
    } else if (!error_) {
      error_ = std::move(outcome).error();
    }
    if (--awaited_ == 0) done_.notify_all();
  }
  // The first failure if there was one.
  Result<std::uint64_t> wait() {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return awaited_ == 0; });
    if (error_) return std::unexpected(*error_);
    return newest_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable done_;
  std::size_t awaited_;
  std::uint64_t newest_ = 0;
  std::optional<Error> error_;
};

// The number of the last one in the feed.
Result<std::uint64_t> revoke_all(ledger::Ledger& ledger, const std::vector<ledger::NewRevocation>& revocations,
                                 const Operations::OnProgress& on_progress) {
  std::uint64_t newest = 0;
  for (std::size_t begin = 0; begin < revocations.size(); begin += kTogether) {
    const std::size_t end = std::min(begin + kTogether, revocations.size());
    const auto newest_here = std::make_shared<NewestRevoked>(end - begin);
    for (std::size_t i = begin; i < end; ++i) {
      ledger.revoke_async(revocations[i], [newest_here](Result<ledger::RevocationOutcome> outcome) {
        newest_here->take(std::move(outcome));
      });
    }
    const auto sequence = newest_here->wait();
    if (!sequence) {
      const Error& why = sequence.error();
      return fail(why.code, "{} (of {}, {} or more are revoked; the same call goes on with the rest)", why.words,
                  revocations.size(), begin);
    }
    newest = std::max(newest, *sequence);
    if (on_progress) on_progress({static_cast<std::int64_t>(end), static_cast<std::int64_t>(revocations.size())});
  }
  return newest;
}

}  // namespace

Result<api::RevokeMatchingAnswer> Authority::revoke_matching(const api::RevokeMatchingRequest& request,
                                                             const Requester& requester,
                                                             const OnProgress& on_progress) {
  ledger::Ledger& ledger = *impl_->state.ledger;
  const ledger::NewRevocation pattern{.issuer = {},
                                      .serial = {},
                                      .reason = ledger_reason(request.reason),
                                      .invalid_since = request.invalid_since,
                                      .actor = requester.text};
  const Matching matching = TRY(find_all(ledger, request, pattern, impl_->clock.now()));
  api::RevokeMatchingAnswer answer{.matched = static_cast<std::int64_t>(matching.revocations.size()),
                                   .certificates = {}};
  if (!request.dry_run && !matching.revocations.empty()) {
    const std::uint64_t newest = TRY(revoke_all(ledger, matching.revocations, on_progress));
    answer.enforcement = impl_->feed.wait_for_enforcement(newest);
  }
  const auto issuers = impl_->issuance.issuers();
  for (const ledger::CertificateId id : matching.shown) {
    answer.certificates.push_back(summary_of(TRY(ledger.certificate(id)), *issuers));
  }
  return answer;
}

}  // namespace symbolon::authority
