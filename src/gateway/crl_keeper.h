// Keeps the CRLs of other CAs that the configuration names: files read by each reload, URLs fetched in the background
// and renewed before they end. Private to this folder.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "gateway/crl_config.h"
#include "gateway/crl_facts.h"
#include "x509/certificate.h"
#include "x509/revocation_checker.h"

namespace symbolon::gateway {

struct CrlTimes {
  std::chrono::milliseconds first_retry{5'000};  // after a failure; twice as long after each further one
  std::chrono::milliseconds longest_retry{300'000};
  std::chrono::milliseconds connect{10'000};
  std::chrono::milliseconds answer{300'000};  // the whole list: a large one over a slow line takes its time
  std::chrono::milliseconds look{60'000};     // at the clock, which may jump, and at what is about to end
};

// Lists are decoded and verified once, by the thread that reloads or by the keeper's own (none while nothing is kept):
// never in a handshake. A list is replaced whole, and its entries are never copied. Thread-safe.
class CrlKeeper {
 public:
  struct Parts {
    const Clock* clock = nullptr;   // not null; outlives it
    std::optional<Path> folder;     // where lists of URLs are kept; none: nowhere
    std::function<void()> changed;  // another list counts now; called on the keeper's thread, must not block
    CrlTimes times = {};
  };
  explicit CrlKeeper(Parts parts);
  CrlKeeper(const CrlKeeper&) = delete;
  CrlKeeper& operator=(const CrlKeeper&) = delete;
  ~CrlKeeper();  // joins

  // Everything that can fail: files are read and judged, kept lists of new URLs looked at; nothing changes yet, but
  // that a refused file counts as a failed refresh. `anchors`: the issuers where an entry names none. One at a time,
  // and none beside keep(). Fails with the code of what is wrong with a file, at the entry's place.
  struct Next;
  Result<std::shared_ptr<Next>> read(const std::vector<CrlConfig>& configured,
                                     const std::vector<x509::Certificate>& anchors);
  // What counts from now on, and nothing else. URLs are asked at once, also those that are known.
  void keep(std::shared_ptr<Next> next);

  // The same as long as the keeper lives.
  std::shared_ptr<const x509::RevocationChecker> checker() const;
  // What an operator should know now: not fetched, not refreshed, about to end, ended.
  std::vector<std::string> warnings() const;
  CrlFacts facts() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace symbolon::gateway
