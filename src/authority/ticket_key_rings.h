// The keys of session tickets that gateways share: in this process's memory, nowhere else, and gone with it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "api/ticket_keys.h"
#include "base/clock.h"
#include "base/error.h"
#include "tls/ticket_keys.h"

namespace symbolon::authority {

// Thread-safe. One set of keys for each trust domain that some gateway has named, made when it is; the one that was
// named longest ago makes room for a further one. All keys are of one generation, which ends when a gateway is revoked
// and with this process: then whatever was sealed with them is worth nothing.
class TicketKeyRings {
 public:
  static constexpr std::size_t kMostDomains = api::TicketKeysRequest::kMostDomains;

  explicit TicketKeyRings(const Clock& clock);  // borrowed

  // Fails with bad_request: no domain is named, or one that is none.
  Result<api::TicketKeysAnswer> give(const api::TicketKeysRequest& request);
  std::string generation() const;
  // All are new from now on.
  void replace();
  // Wipes keys that are too old. They are also dropped by use; this is for when nobody asks.
  void drop_old();
  std::size_t size() const;  // domains

 private:
  struct Ring {
    explicit Ring(const Clock& clock) : keys(clock) {}
    tls::TicketKeys keys;
    std::uint64_t named = 0;  // when, by `calls_`
  };
  tls::TicketKeys& ring_of(const std::string& domain);

  const Clock& clock_;
  mutable std::mutex mutex_;  // guards what follows
  std::string generation_;
  std::uint64_t calls_ = 0;
  std::map<std::string, Ring> rings_;
};

}  // namespace symbolon::authority
