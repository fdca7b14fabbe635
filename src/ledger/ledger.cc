#include "ledger/ledger.h"

#include "ledger/blocking.h"

namespace symbolon::ledger {

Result<IntentId> Ledger::reserve(NewIntent intent) {
  return wait_for_one<IntentId>([&](auto done) { reserve_async(std::move(intent), std::move(done)); });
}

Result<CertificateId> Ledger::complete(Completion completion) {
  return wait_for_one<CertificateId>([&](auto done) { complete_async(std::move(completion), std::move(done)); });
}

Status Ledger::abandon(IntentId intent, std::string why) {
  return wait_for_one<void>([&](auto done) { abandon_async(intent, std::move(why), std::move(done)); });
}

Result<ReleaseOutcome> Ledger::release(NewRelease release) {
  return wait_for_one<ReleaseOutcome>([&](auto done) { release_async(std::move(release), std::move(done)); });
}

Result<RevocationOutcome> Ledger::revoke(NewRevocation revocation) {
  return wait_for_one<RevocationOutcome>([&](auto done) { revoke_async(std::move(revocation), std::move(done)); });
}

std::vector<Result<IntentId>> Ledger::reserve_many(std::vector<NewIntent> intents) {
  return wait_for<IntentId>(intents.size(),
                            [&](std::size_t at, auto done) { reserve_async(std::move(intents[at]), std::move(done)); });
}

std::vector<Result<CertificateId>> Ledger::complete_many(std::vector<Completion> completions) {
  return wait_for<CertificateId>(completions.size(), [&](std::size_t at, auto done) {
    complete_async(std::move(completions[at]), std::move(done));
  });
}

}  // namespace symbolon::ledger
