// The session tickets of a gateway: one set of keys for each trust domain. Private to this folder.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "api/ticket_keys.h"
#include "base/clock.h"
#include "crypto/digest.h"
#include "revocation/revocation_source.h"
#include "tls/session_tickets.h"

namespace symbolon::gateway {

struct Materials;

// Thread-safe. Routes are of one domain where they trust the same certificates; those that trust nobody are one, too. A
// domain lives as long as the configuration in force has a route of it with tickets: the tickets of another trust are
// sealed with keys that are gone.
class TicketDomains {
 public:
  struct Assigned {
    std::map<crypto::Sha256, std::shared_ptr<tls::SessionTickets>> domains;  // by what they trust
    std::vector<x509::Certificate> own;                                      // what the gateway presents
  };

  explicit TicketDomains(const Clock& clock) : clock_(clock) {}

  // Gives each route that has tickets those of its domain, of now or new ones. What it answers is for keep().
  Assigned assign(Materials& materials) const;
  // These are in force from now on; the keys of the others are wiped.
  void keep(Assigned next);
  // What was revoked (null: anything may have been). Where it is a certificate of our own, somebody may have broken in:
  // all keys are wiped, and every ticket that is out is worth a full handshake.
  void note_revoked(const revocation::Addition* added, const x509::RevocationChecker& revocation);
  // Wipes keys that are too old.
  void drop_old();

  // What the authority is asked for: the domains in force, as many as fit into a question.
  api::TicketKeysRequest request() const;
  // Shared keys of one of them, by its name there (tls::TicketKeys::take). Of none: nothing.
  void take(const std::string& name, std::span<const tls::SharedTicketKey> keys, UnixSeconds asked);
  // Every key is wiped; shared ones that come from now on are taken.
  void forget();

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;  // guards what follows
  Assigned now_;
  std::vector<x509::Fingerprint> revoked_;  // of our own; the keys were wiped for them
};

}  // namespace symbolon::gateway
