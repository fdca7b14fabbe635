// What a gateway tells its authority of the client certificates that it has seen: those that name a CA of the authority
// as their issuer, each once in the life of a connection. The authority looks them up
// (authority/unknown_certificates.h).
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "api/gateway_info.h"
#include "base/error.h"

namespace symbolon::enroll {

// Not thread-safe.
class SeenReport {
 public:
  using Ask = std::function<Result<api::SeenPage>(const api::SeenQuery&)>;  // the gateway's inventory
  static constexpr std::size_t kMostTogether = 200;
  static constexpr std::size_t kMostOctets = 128 << 10;      // of their texts, so that a request stays small
  static constexpr std::size_t kMostRemembered = 128 << 10;  // that were said; then all are said once more
  static constexpr std::chrono::seconds kRest{10};           // once all was said, as long as the inventory gathers

  explicit SeenReport(Ask ask) : ask_(std::move(ask)) {}

  // The authority may be another process by now.
  void start_anew();
  // What is to be said next; nothing: all was said, or nothing was found in this part of the inventory. `issuers`:
  // FeedPage::issuers. Fails as the inventory does.
  Result<api::SeenPage> next(const std::vector<std::string>& issuers);
  void said(const api::SeenPage& page);

 private:
  using Instant = std::chrono::steady_clock::time_point;
  bool is_ours(const std::string& issuer);

  const Ask ask_;
  std::string after_;  // where the next page of the inventory begins
  Instant rests_until_{};
  std::unordered_set<std::string> said_;  // fingerprints
  std::vector<std::string> issuers_;      // for which `ours_` holds
  std::map<std::string, bool> ours_;      // by the issuer's name as it is written
};

}  // namespace symbolon::enroll
