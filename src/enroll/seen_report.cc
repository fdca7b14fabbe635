#include "enroll/seen_report.h"

#include <algorithm>

#include "crypto/digest.h"
#include "enroll/journal_records.h"
#include "x509/name.h"

namespace symbolon::enroll {
namespace {

constexpr int kMostPages = 10;              // that are looked through for one answer
constexpr std::size_t kMostNames = 10'000;  // whose answer is remembered

std::size_t octets_of(const api::SeenCertificate& seen) {
  return seen.fingerprint.size() + seen.serial.size() + seen.issuer.size() + seen.subject.size() +
         seen.identity.size() + seen.route.size() + seen.address.size();
}

}  // namespace

void SeenReport::start_anew() {
  said_.clear();
  after_.clear();
  rests_until_ = {};
}

Result<api::SeenPage> SeenReport::next(const std::vector<std::string>& issuers) {
  if (issuers != issuers_) {
    issuers_ = issuers;
    ours_.clear();
    after_.clear();
    rests_until_ = {};
  }
  api::SeenPage out;
  if (std::chrono::steady_clock::now() < rests_until_) return out;
  std::size_t octets = 0;
  for (int pages = 0; pages < kMostPages; ++pages) {
    const api::SeenPage page = TRY(ask_({.query = {}, .after = after_, .limit = api::SeenQuery::kMostPerPage}));
    for (const api::SeenCertificate& one : page.certificates) {
      if (said_.contains(one.fingerprint) || !is_ours(one.issuer)) continue;
      octets += octets_of(one);
      const bool full = out.certificates.size() == kMostTogether || octets > kMostOctets;
      if (full && !out.certificates.empty()) return out;  // this page is looked through again
      const auto same = std::ranges::find(out.certificates, one.fingerprint, &api::SeenCertificate::fingerprint);
      if (same == out.certificates.end()) out.certificates.push_back(one);
    }
    after_ = page.next.value_or("");
    if (!page.next) {
      rests_until_ = std::chrono::steady_clock::now() + kRest;
      return out;
    }
  }
  return out;
}

void SeenReport::said(const api::SeenPage& page) {
  if (said_.size() + page.certificates.size() > kMostRemembered) said_.clear();
  for (const api::SeenCertificate& one : page.certificates) said_.insert(one.fingerprint);
}

// The feed names its CAs by digests of their canonical names.
bool SeenReport::is_ours(const std::string& issuer) {
  if (const auto known = ours_.find(issuer); known != ours_.end()) return known->second;
  const auto name = x509::DistinguishedName::parse(issuer);
  const auto is_it = [&](const std::string& one) {
    const auto key = issuer_key(one);
    return key && key->name == crypto::sha256(name->canonical());
  };
  const bool out = name && std::ranges::any_of(issuers_, is_it);
  if (ours_.size() < kMostNames) ours_.emplace(issuer, out);
  return out;
}

}  // namespace symbolon::enroll
