#include "gateway/ticket_domains.h"

#include <algorithm>

#include "gateway/snapshot.h"

namespace symbolon::gateway {
namespace {

// What we present, up to its anchor where that is at hand: clients mostly have the same CAs, and then a session of
// another gateway finds them here before anybody has shown them.
std::vector<x509::Certificate> own_path(const SideMaterial& side) {
  if (!side.credential) return {};
  std::vector<x509::Certificate> out = side.credential->chain();
  if (side.credential->left_out()) {
    out.push_back(*side.credential->left_out());
  } else if (side.trust) {
    const auto above = side.trust->with_subject(out.back().issuer());
    if (above.size() == 1) out.push_back(side.trust->anchors()[above.front()]);
  }
  return out;
}

bool is_meant(const revocation::Addition& added, const x509::Certificate& own) {
  return added.serial == own.serial() && added.issuer.name == crypto::sha256(own.issuer().canonical());
}

}  // namespace

TicketDomains::Assigned TicketDomains::assign(Materials& materials) const {
  const std::lock_guard lock(mutex_);
  Assigned out;
  for (RouteMaterial& route : materials.routes) {
    for (const SideMaterial* const side : {&route.clients, &route.server}) {
      if (side->credential) out.own.push_back(side->credential->leaf());
    }
    if (!route.config->session_tickets.value_or(RouteConfig::kSessionTickets) || route.config->listens_in_plain())
      continue;
    const crypto::Sha256 trust = route.clients.trust ? route.clients.trust->identity() : crypto::Sha256{};
    auto& domain = out.domains[trust];
    if (const auto known = now_.domains.find(trust); !domain && known != now_.domains.end()) domain = known->second;
    if (!domain) domain = std::make_shared<tls::SessionTickets>(clock_);
    domain->remember_cas(own_path(route.clients));
    route.tickets = domain;
  }
  return out;
}

void TicketDomains::keep(Assigned next) {
  const std::lock_guard lock(mutex_);
  std::swap(now_, next);
  // Contexts of before hold on to theirs as long as their connections last.
  for (const auto& [trust, domain] : next.domains) {
    if (!now_.domains.contains(trust)) domain->keys().close();
  }
  std::erase_if(revoked_, [this](const x509::Fingerprint& one) {
    return std::ranges::find(now_.own, one, &x509::Certificate::fingerprint) == now_.own.end();
  });
}

void TicketDomains::note_revoked(const revocation::Addition* added, const x509::RevocationChecker& revocation) {
  const std::lock_guard lock(mutex_);
  bool found = false;
  for (const x509::Certificate& own : now_.own) {
    if (added != nullptr
            ? !is_meant(*added, own)
            : revocation.check_pinned(own, clock_.now()).status != x509::RevocationChecker::Status::revoked)
      continue;
    if (std::ranges::find(revoked_, own.fingerprint()) != revoked_.end()) continue;
    revoked_.push_back(own.fingerprint());
    found = true;
  }
  if (!found) return;
  for (const auto& [trust, domain] : now_.domains) domain->keys().renew();
}

api::TicketKeysRequest TicketDomains::request() const {
  const std::lock_guard lock(mutex_);
  api::TicketKeysRequest out;
  for (const auto& [trust, domain] : now_.domains) {
    if (out.domains.size() == api::TicketKeysRequest::kMostDomains) break;
    out.domains.push_back(api::ticket_domain_name(trust));
  }
  return out;
}

void TicketDomains::take(const std::string& name, std::span<const tls::SharedTicketKey> keys, UnixSeconds asked) {
  const std::lock_guard lock(mutex_);
  for (const auto& [trust, domain] : now_.domains) {
    if (api::ticket_domain_name(trust) == name) domain->keys().take(keys, asked);
  }
}

void TicketDomains::forget() {
  const std::lock_guard lock(mutex_);
  for (const auto& [trust, domain] : now_.domains) domain->keys().forget();
}

void TicketDomains::drop_old() {
  const std::lock_guard lock(mutex_);
  for (const auto& [trust, domain] : now_.domains) domain->keys().drop_old();
}

}  // namespace symbolon::gateway
