#include "authority/unknown_certificates.h"

#include <algorithm>

#include "base/log.h"
#include "x509/serial_number.h"

namespace symbolon::authority {
namespace {

// CAs by the name that certificates call them: with all their certificates, and with those of rotated keys.
std::map<std::string, std::vector<ledger::IssuerId>> by_subject(const IssuerSet& set) {
  std::map<std::string, std::vector<ledger::IssuerId>> out;
  for (const Issuer& issuer : set.issuers) out[issuer.certificate.subject().text()].push_back(issuer.id);
  return out;
}

}  // namespace

Result<api::SeenPage> UnknownCertificates::take(const api::SeenPage& seen, const std::string& gateway) {
  api::SeenPage out{.certificates = TRY(unknown_of(seen.certificates)), .next = {}};
  const std::lock_guard lock(mutex_);
  for (const api::SeenCertificate& one : out.certificates) keep(one, gateway);
  return out;
}

// The mutex is held.
void UnknownCertificates::keep(api::SeenCertificate seen, const std::string& gateway) {
  seen.route = fmt::format("{}: {}", gateway, seen.route);
  const auto known = kept_.find(seen.fingerprint);
  if (known != kept_.end()) {
    if (known->second.last_seen <= seen.last_seen) known->second = std::move(seen);
    return;
  }
  if (kept_.size() >= kMost) {
    if (std::exchange(full_said_, true)) return;
    return log(LogLevel::error, fmt::format("more than {} certificates that the ledger does not know were seen", kMost),
               {{"code", std::string(name(Code::certificate_not_in_ledger))}});
  }
  log(LogLevel::warning, "a gateway has seen a certificate that the ledger does not know",
      {{"code", std::string(name(Code::certificate_not_in_ledger))},
       {"gateway", gateway},
       {"serial", seen.serial},
       {"issuer", seen.issuer}});
  std::string fingerprint = seen.fingerprint;
  kept_.emplace(std::move(fingerprint), std::move(seen));
}

Result<api::SeenPage> UnknownCertificates::list() {
  std::vector<api::SeenCertificate> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [fingerprint, seen] : kept_) all.push_back(seen);
  }
  api::SeenPage out{.certificates = TRY(unknown_of(all)), .next = {}};
  const std::lock_guard lock(mutex_);
  std::map<std::string, api::SeenCertificate> left;
  for (const api::SeenCertificate& one : out.certificates) left.emplace(one.fingerprint, one);
  for (const api::SeenCertificate& one : all) {  // what came meanwhile stays
    if (!left.contains(one.fingerprint)) kept_.erase(one.fingerprint);
  }
  if (kept_.size() < kMost) full_said_ = false;
  std::ranges::sort(out.certificates, {}, &api::SeenCertificate::not_after);
  return out;
}

// What a CA revoked is barred, whatever else is known of it.
Result<std::vector<api::SeenCertificate>> UnknownCertificates::unknown_of(
    const std::vector<api::SeenCertificate>& seen) {
  const UnixSeconds now = clock_.now();
  const auto set = issuers_();
  const auto ours = by_subject(*set);
  std::vector<api::SeenCertificate> out;
  for (const api::SeenCertificate& one : seen) {
    const auto issuer = ours.find(one.issuer);
    const auto serial = x509::SerialNumber::parse(one.serial);
    if (issuer == ours.end() || !serial || one.not_after < now) continue;
    const auto status = TRY(ledger_.serial_statuses(issuer->second, {*serial}));
    if (status.front().standing == ledger::SerialStanding::revoked) continue;
    if (!TRY(is_this(issuer->second, *serial, one.fingerprint))) out.push_back(one);
  }
  return out;
}

// Is it this certificate that the ledger has under the serial?
Result<bool> UnknownCertificates::is_this(const std::vector<ledger::IssuerId>& issuers,
                                          const x509::SerialNumber& serial, const std::string& fingerprint) {
  for (const ledger::IssuerId id : issuers) {
    const auto record = ledger_.certificate(id, serial);
    if (!record && record.error().code != Code::not_found) return std::unexpected(record.error());
    if (record && record->fingerprint && to_hex(record->fingerprint->octets) == fingerprint) return true;
  }
  return false;
}

}  // namespace symbolon::authority
