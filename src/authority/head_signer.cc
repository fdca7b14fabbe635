#include "authority/head_signer.h"

#include <algorithm>
#include <mutex>
#include <optional>

#include "authority/head_book.h"

namespace symbolon::authority {
namespace {

class Behind final : public HeadSigner {
 public:
  explicit Behind(std::shared_ptr<signer::Client> client) : client_(std::move(client)) {}

  Result<crypto::PublicKey> key() override {
    const Bytes spki = client_->head_key();
    if (spki.empty()) return fail(Code::file_missing, "the signer has no key of heads: its log says why");
    const std::lock_guard lock(mutex_);
    if (!key_ || !std::ranges::equal(key_->spki(), spki)) key_ = TRY(revocation::head_key(spki));
    return *key_;
  }
  Result<revocation::SignedHead> sign(revocation::HeadKind kind) override { return client_->sign_head(kind); }

 private:
  const std::shared_ptr<signer::Client> client_;
  std::mutex mutex_;  // guards key_
  std::optional<crypto::PublicKey> key_;
};

HeadSource source_in(ledger::Ledger& ledger) {
  return {.audit_head = [&ledger] { return ledger.audit_head(); },
          .audit = [&ledger](std::uint64_t after, std::size_t limit) { return ledger.audit(after, limit); },
          .revocations = [&ledger](std::uint64_t after, const auto& each) { return ledger.revocations(after, each); },
          .issuers = [&ledger] { return ledger.issuers(); }};
}

class Here final : public HeadSigner {
 public:
  Here(HeadKeySource key, AtRest at_rest, ledger::Ledger& ledger, const Clock& clock)
      : source_(std::move(key)), at_rest_(at_rest), ledger_(ledger), clock_(clock) {}

  Result<crypto::PublicKey> key() override { return TRY(book())->key(); }
  Result<revocation::SignedHead> sign(revocation::HeadKind kind) override { return TRY(book())->sign(kind); }

 private:
  Result<HeadBook*> book() {
    const std::lock_guard lock(mutex_);
    if (book_) return book_.get();
    auto key = TRY(source_(at_rest_));
    book_ = std::make_unique<HeadBook>(source_in(ledger_), std::move(key), clock_);
    return book_.get();
  }
  const HeadKeySource source_;
  const AtRest at_rest_;
  ledger::Ledger& ledger_;
  const Clock& clock_;
  std::mutex mutex_;  // guards book_
  std::unique_ptr<HeadBook> book_;
};

}  // namespace

std::shared_ptr<HeadSigner> head_signer_behind(std::shared_ptr<signer::Client> client) {
  return std::make_shared<Behind>(std::move(client));
}

std::unique_ptr<HeadSigner> head_signer_here(HeadKeySource key, AtRest at_rest, ledger::Ledger& ledger,
                                             const Clock& clock) {
  return std::make_unique<Here>(std::move(key), at_rest, ledger, clock);
}

}  // namespace symbolon::authority
