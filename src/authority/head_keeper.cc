#include "authority/head_keeper.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "base/memory_guard.h"

namespace symbolon::authority {
namespace {

using revocation::HeadKind;
using SteadyTime = std::chrono::steady_clock::time_point;
SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

// What the ledger's hook rings; it may outlive the keeper.
struct Bell {
  std::mutex mutex;
  std::condition_variable rung;
  bool revoked = false;
  bool stopping = false;
};

}  // namespace

struct HeadKeeper::Impl {
  Impl(HeadSigner& s, ledger::Ledger& l, FeedHistory& h, OnHeads call, HeadTimes t)
      : signer(s), ledger(l), history(h), on_heads(std::move(call)), times(t) {}

  Result<revocation::SignedHead> sign(HeadKind kind, const crypto::PublicKey& key) {
    auto head = TRY(signer.sign(kind));
    TRY(revocation::check_signature(head, key));
    if (kind == HeadKind::feed && !TRY(history.has({head.head.count, head.head.hash}))) {
      return fail(Code::audit_head_mismatch, "the signer read another feed of {} entries", head.head.count);
    }
    return head;
  }

  // What is new, with the rest as it was.
  Result<Heads> sign_news(bool all) {
    auto key = TRY(signer.key());
    std::optional<revocation::SignedHead> feed;
    if (!all && last && last->feed.head.count == TRY(ledger.status()).revocations) feed = last->feed;
    if (!feed) feed = TRY(sign(HeadKind::feed, key));
    auto audit = TRY(sign(HeadKind::audit, key));
    return Heads{.audit = std::move(audit), .feed = *std::move(feed), .key = std::move(key)};
  }

  Status turn(bool revoked) {
    const bool old = !last || steady_now() - renewed >= times.renew;
    if (!old && !revoked && TRY(ledger.audit_head()).sequence == last->audit.head.count) return {};
    last = std::make_shared<const Heads>(TRY(sign_news(old)));
    if (old) renewed = steady_now();
    on_heads(last);
    return {};
  }

  void note(const Status& outcome) {
    const std::lock_guard lock(bell->mutex);
    if (!outcome && !failure) log(LogLevel::error, outcome.error());
    failure = outcome ? std::nullopt : std::optional(outcome.error());
  }

  void run() {
    bool revoked = true;
    while (true) {
      note(unless_out_of_memory([&] { return turn(revoked); }));
      std::unique_lock lock(bell->mutex);
      if (bell->rung.wait_for(lock, times.gather, [this] { return bell->stopping; })) return;
      const bool failed = failure.has_value();
      bell->rung.wait_for(lock, times.look, [&] { return bell->stopping || (bell->revoked && !failed); });
      if (bell->stopping) return;
      revoked = std::exchange(bell->revoked, false) || failed;
    }
  }

  HeadSigner& signer;
  ledger::Ledger& ledger;
  FeedHistory& history;
  const OnHeads on_heads;
  const HeadTimes times;
  const std::shared_ptr<Bell> bell = std::make_shared<Bell>();
  std::optional<Error> failure;  // guarded by the bell's mutex
  // The thread's:
  std::shared_ptr<const Heads> last;
  SteadyTime renewed;
  std::thread thread;
};

HeadKeeper::HeadKeeper(HeadSigner& signer, ledger::Ledger& ledger, FeedHistory& history, OnHeads on_heads,
                       HeadTimes times)
    : impl_(std::make_unique<Impl>(signer, ledger, history, std::move(on_heads), times)) {}

HeadKeeper::~HeadKeeper() {
  {
    const std::lock_guard lock(impl_->bell->mutex);
    impl_->bell->stopping = true;
  }
  impl_->bell->rung.notify_all();
  if (impl_->thread.joinable()) impl_->thread.join();
}

void HeadKeeper::start() {
  impl_->ledger.on_revocation([bell = impl_->bell](const ledger::Revocation&) {
    {
      const std::lock_guard lock(bell->mutex);
      bell->revoked = true;
    }
    bell->rung.notify_all();
  });
  impl_->thread = std::thread([raw = impl_.get()] { raw->run(); });
}

Result<Heads> HeadKeeper::sign() {
  auto key = TRY(impl_->signer.key());
  auto feed = TRY(impl_->sign(HeadKind::feed, key));
  auto audit = TRY(impl_->sign(HeadKind::audit, key));
  return Heads{.audit = std::move(audit), .feed = std::move(feed), .key = std::move(key)};
}

std::optional<Error> HeadKeeper::failure() const {
  const std::lock_guard lock(impl_->bell->mutex);
  return impl_->failure;
}

}  // namespace symbolon::authority
