#include "tls/resumption.h"

#include <algorithm>

#include "tls/session_tickets.h"

namespace symbolon::tls {
namespace {

// The chain to judge; empty for somebody anonymous.
std::expected<std::vector<x509::Certificate>, std::string_view> chain_of(const ServerContext& route,
                                                                         const SessionFacts& facts,
                                                                         const OfferedSession& offered) {
  if (facts.path.empty() != !offered.leaf) return std::unexpected(kTicketMalformed);
  if (!offered.leaf) return std::vector<x509::Certificate>();
  if (route.verify() == ClientVerification::insecure_none) return std::unexpected(kTicketOfAnotherContext);
  auto chain = route.sessions().tickets->rebuild(*offered.leaf, facts.path);
  if (!chain) return std::unexpected(kTicketPathUnknown);
  return std::move(*chain);
}

}  // namespace

std::expected<JudgedSession, std::string_view> judge_session(const ServerContext& route,
                                                             const OfferedSession& offered) {
  auto facts = parse_session_facts(offered.appdata);
  if (!facts) return std::unexpected(kTicketMalformed);
  if (facts->context != offered.context) return std::unexpected(kTicketOfAnotherContext);
  const UnixSeconds now = route.sessions().tickets->clock().now();
  // A full handshake in the future: the clock was set back, and nobody knows how old the session is.
  if (now < facts->full_handshake || now - facts->full_handshake >= route.sessions().lifetime)
    return std::unexpected(kTicketTooOld);
  const auto chain = chain_of(route, *facts, offered);
  if (!chain) return std::unexpected(chain.error());
  auto verdict = chain->empty() ? route.judge_again(nullptr) : route.judge().judge(*chain);
  if (!verdict) return std::unexpected(name(verdict.error().code));
  // Another path may have been found, which lasts longer than the one of before.
  if (!facts->path.empty() && facts->not_after < now) return std::unexpected(kTicketTooOld);
  return JudgedSession{std::move(*verdict), std::move(*facts)};
}

Seconds remaining_life(const SessionFacts& facts, Seconds lifetime, UnixSeconds now) {
  const Seconds of_ticket = facts.full_handshake + lifetime - now;
  return facts.path.empty() ? of_ticket : std::min(of_ticket, facts.not_after - now);
}

}  // namespace symbolon::tls
