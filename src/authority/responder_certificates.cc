#include "authority/responder_certificates.h"

#include <algorithm>

#include "base/log.h"
#include "crypto/key.h"

namespace symbolon::authority {
namespace {

constexpr std::string_view kProfile = "ocsp";
constexpr std::string_view kRequester = "ocsp responder";
// Short: nobody asks whether such a certificate is revoked (nocheck).
constexpr Seconds kLife = kDay * 7;
constexpr std::size_t kLongestCommonName = 64;
constexpr std::chrono::seconds kFirstPause{1};  // after a failure
constexpr std::chrono::seconds kLongestPause{600};

bool holds(const ResponderCertificate& certificate, UnixSeconds now) {
  return now >= certificate.validity.not_before && now < certificate.validity.not_after;
}

// Nothing is amiss that `status` does not tell of such a CA by itself.
bool is_over(Code code) { return code == Code::ca_revoked || code == Code::ca_expired; }

}  // namespace

// None: what the profile says, cut to the CA's end.
std::optional<Seconds> ResponderCertificates::lifetime_for(const Issuer& issuer) const {
  const auto profile = issuance_.profiles().find(kProfile);
  if (profile == issuance_.profiles().end()) return std::nullopt;  // prepare() says so
  const Seconds wish = std::min(std::max(kLife, Seconds{next_update_.count * 3}), profile->second.longest);
  const Seconds left = issuer.certificate.validity().not_after - clock_.now();
  return left > wish + kMinute ? std::optional(wish) : std::nullopt;
}

// After two thirds of its life, and while an answer still fits; a further one that would end with the CA gains nothing.
UnixSeconds ResponderCertificates::renewal_due(const ResponderCertificate& certificate, const Issuer& issuer) const {
  const auto& [not_before, not_after] = certificate.validity;
  if (not_after >= issuer.certificate.validity().not_after) return not_after;
  const Seconds third{(not_after - not_before).count / 3};
  return std::max(not_before + third, std::min(not_after - third, not_after - next_update_));
}

Result<std::shared_ptr<const ResponderCertificate>> ResponderCertificates::issue(const Issuer& issuer) {
  auto request = TRY(signer_.responder(issuer.id));
  const auto algorithm = TRY(crypto::make_absent_signer(request.public_key()));
  const IssueRequest wish{.profile = std::string(kProfile),
                          .request = std::move(request),
                          .common_name = fmt::format("OCSP responder of {}", issuer.name).substr(0, kLongestCommonName),
                          .lifetime = lifetime_for(issuer),
                          .issuer = issuer.name,
                          .requester = std::string(kRequester)};
  const IssuedCertificate issued = TRY(issuance_.issue(wish));
  return std::make_shared<const ResponderCertificate>(
      ResponderCertificate{.der = to_bytes(issued.der()),
                           .key = issued.content().public_key,
                           .algorithm = to_bytes(algorithm->algorithm_identifier()),
                           .validity = issued.content().validity});
}

std::shared_ptr<ResponderCertificates::Slot> ResponderCertificates::slot_of(ledger::IssuerId issuer) {
  const std::lock_guard lock(mutex_);
  auto& slot = slots_[issuer];
  if (!slot) slot = std::make_shared<Slot>();
  return slot;
}

// None: one must be issued.
ResponderCertificates::Found ResponderCertificates::at_hand(const Slot& slot, const Issuer& issuer) const {
  const std::lock_guard lock(mutex_);
  const UnixSeconds now = clock_.now();
  const bool pausing = slot.failure && std::chrono::steady_clock::now() < slot.again;
  if (slot.certificate && holds(*slot.certificate, now)) {
    if (pausing || now < renewal_due(*slot.certificate, issuer)) return slot.certificate;
  } else if (pausing) {
    return std::unexpected(*slot.failure);
  }
  return std::nullopt;
}

std::shared_ptr<const ResponderCertificate> ResponderCertificates::older(const Slot& slot) const {
  const std::lock_guard lock(mutex_);
  return slot.certificate && holds(*slot.certificate, clock_.now()) ? slot.certificate : nullptr;
}

Result<std::shared_ptr<const ResponderCertificate>> ResponderCertificates::of(const Issuer& issuer) {
  const std::shared_ptr<Slot> slot = slot_of(issuer.id);
  if (auto found = at_hand(*slot, issuer)) return *std::move(found);
  std::unique_lock issuing(slot->issuing, std::try_to_lock);
  if (!issuing) {
    if (auto one = older(*slot)) return one;
    issuing.lock();
  }
  if (auto found = at_hand(*slot, issuer)) return *std::move(found);  // somebody else was faster
  auto issued = issue(issuer);
  if (issued) {
    const std::lock_guard lock(mutex_);
    slot->certificate = *issued;
    slot->failure.reset();
    slot->pause = {};
    return issued;
  }
  note_failure(*slot, issuer, issued.error());
  if (auto one = older(*slot)) return one;
  return issued;
}

void ResponderCertificates::note_failure(Slot& slot, const Issuer& issuer, const Error& why) {
  const std::lock_guard lock(mutex_);
  const bool known = slot.failure && slot.failure->words == why.words;
  slot.failure = why;
  slot.issuer = issuer.name;
  const bool reached = why.code != Code::signer_unreachable && why.code != Code::ocsp_responder_changed;
  slot.pause = reached ? std::clamp(slot.pause * 2, kFirstPause, kLongestPause) : kFirstPause;
  slot.again = std::chrono::steady_clock::now() + slot.pause;
  if (known) return;
  log(LogLevel::warning, "no certificate for the OCSP responder",
      {{"issuer", issuer.name}, {"code", std::string(name(why.code))}, {"reason", why.text()}});
}

void ResponderCertificates::forget(ledger::IssuerId issuer,
                                   const std::shared_ptr<const ResponderCertificate>& certificate) {
  const std::shared_ptr<Slot> slot = slot_of(issuer);
  const std::lock_guard lock(mutex_);
  if (slot->certificate == certificate) slot->certificate.reset();
}

std::vector<Error> ResponderCertificates::failures() const {
  const std::lock_guard lock(mutex_);
  std::vector<Error> out;
  for (const auto& [issuer, slot] : slots_) {
    if (!slot->failure || is_over(slot->failure->code)) continue;
    out.push_back(
        {Code::ocsp_responder_missing, fmt::format("the CA '{}': {}", slot->issuer, slot->failure->text()), {}});
  }
  return out;
}

}  // namespace symbolon::authority
