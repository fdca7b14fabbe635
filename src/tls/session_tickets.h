// What the session tickets of one trust domain have in common: their keys, and the CAs of the paths that they speak of.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "tls/session_facts.h"
#include "tls/ticket_keys.h"

namespace symbolon::tls {

// Thread-safe; shared by the routes that trust the same, and by their threads. A ticket names the CAs of its path, it
// does not hold them: those that are not known any more make it worthless, which costs its client a full handshake.
class SessionTickets {
 public:
  static constexpr std::size_t kMostCas = 256;  // the one that was first is forgotten first

  explicit SessionTickets(const Clock& clock) : clock_(clock), keys_(clock) {}

  const Clock& clock() const { return clock_; }
  TicketKeys& keys() { return keys_; }

  // Of somebody who was admitted: leaf first, anchor last.
  void remember_cas(const std::vector<x509::Certificate>& path);
  // The chain as its client could have presented it. None: it is another leaf, or a CA of it is not known.
  std::optional<std::vector<x509::Certificate>> rebuild(const x509::Certificate& leaf,
                                                        const std::vector<SessionFacts::Link>& path) const;

 private:
  struct Ca {
    SessionFacts::Link link;
    x509::Certificate certificate;
  };
  const Ca* find(const SessionFacts::Link& link) const;  // with `mutex_` held

  const Clock& clock_;
  TicketKeys keys_;
  mutable std::mutex mutex_;  // guards what follows
  std::vector<Ca> cas_;
  std::size_t oldest_ = 0;
};

}  // namespace symbolon::tls
