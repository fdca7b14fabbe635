#include "authority/ticket_key_keeper.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stop_token>
#include <system_error>
#include <utility>

#include "authority/issuance.h"
#include "base/log.h"
#include "x509/certificate.h"

namespace symbolon::authority {
namespace {

constexpr std::chrono::seconds kLook{60};

}  // namespace

// What was revoked since somebody asked last.
struct TicketKeyKeeper::Noted {
  std::atomic<bool> wanted{false};  // somebody has asked for keys: before that nothing is noted
  std::mutex mutex;                 // guards what follows
  std::vector<ledger::CertificateId> certificates;
  bool too_many = false;

  void note(const ledger::Revocation& revocation) {
    // What this ledger did not issue has no role here; a release ends nothing.
    if (!wanted || !revocation.certificate || revocation.reason == ledger::RevocationReason::remove_from_crl) return;
    const std::lock_guard lock(mutex);
    too_many = too_many || certificates.size() == kMostLookedUp;
    if (!too_many) certificates.push_back(*revocation.certificate);
  }
};

TicketKeyKeeper::TicketKeyKeeper(ledger::Ledger& ledger, const Clock& clock, IsGateway is_gateway)
    : ledger_(ledger), is_gateway_(std::move(is_gateway)), noted_(std::make_shared<Noted>()), rings_(clock) {
  ledger.on_revocation([noted = noted_](const ledger::Revocation& revocation) { noted->note(revocation); });
}

TicketKeyKeeper::~TicketKeyKeeper() { noted_->wanted = false; }

Result<api::TicketKeysAnswer> TicketKeyKeeper::give(const api::TicketKeysRequest& request) {
  TRY(keep_young());
  noted_->wanted = true;
  settle();
  return rings_.give(request);
}

// From the first question on.
Status TicketKeyKeeper::keep_young() {
  const std::lock_guard lock(waking_);
  if (thread_.joinable()) return {};
  try {
    thread_ = std::jthread([this](const std::stop_token& stop) {
      std::unique_lock waiting(waking_);
      while (!stop.stop_requested()) {
        wake_.wait_for(waiting, stop, kLook, [] { return false; });
        rings_.drop_old();
      }
    });
  } catch (const std::system_error& failure) {
    return fail(Code::system_error, "no thread for ticket keys: {}", failure.what());
  }
  return {};
}

std::string TicketKeyKeeper::generation() {
  settle();
  return rings_.generation();
}

void TicketKeyKeeper::settle() {
  if (!noted_->wanted) return;
  const std::lock_guard settling(settling_);
  std::vector<ledger::CertificateId> certificates;
  bool too_many = false;
  {
    const std::lock_guard lock(noted_->mutex);
    certificates.swap(noted_->certificates);
    too_many = std::exchange(noted_->too_many, false);
  }
  if (rings_.size() == 0) return;
  if (!too_many && std::ranges::none_of(certificates, [this](ledger::CertificateId id) { return ends_keys(id); }))
    return;
  rings_.replace();
  log(LogLevel::warning, "a gateway or a CA was revoked: the keys of session tickets that gateways share are replaced");
}

// Where nobody can say any more whose it is, it counts as a gateway's.
bool TicketKeyKeeper::ends_keys(ledger::CertificateId id) {
  const auto record = ledger_.certificate(id);
  if (!record || record->profile == "gateway" || record->profile == kCaProfile) return true;
  const auto der = ledger_.certificate_der(id);
  if (!der) return der.error().code != Code::not_found;  // it was never handed out
  const auto certificate = x509::Certificate::from_der(*der);
  return !certificate || is_gateway_(x509::identity_of(*certificate));
}

}  // namespace symbolon::authority
