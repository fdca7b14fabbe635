#include "cli/admin_listener.h"

#include "gateway/record.h"
#include "policy/access_policy.h"

namespace symbolon::cli {

Status AdminListener::refresh() {
  tls::ServerOptions options;
  options.name = "authority";
  options.credential = TRY(inputs_.credential());
  options.clients.trust = TRY(inputs_.trust());
  options.clients.revocation = inputs_.revocation;
  // Whoever this authority certified finishes the handshake; what they may do, each call asks (api_rights.h).
  auto everybody = TRY(policy::AccessPolicy::make({.allow = {.any_verified = true}, .deny = {}}, "the API"));
  options.clients.access = std::make_shared<const policy::AccessPolicy>(std::move(everybody));
  options.clients.clock = inputs_.clock;
  const auto context = TRY(tls::ServerContext::make(std::move(options)));
  auto routes = TRY(tls::ServerRoutes::single(context));
  const std::lock_guard lock(mutex_);
  routes_ = std::move(routes);
  return {};
}

std::shared_ptr<const tls::ServerRoutes> AdminListener::routes() const {
  const std::lock_guard lock(mutex_);
  return routes_;
}

Result<net::Endpoint> AdminListener::listen(http::Server& server, const net::Endpoint& endpoint) {
  ENSURE(routes() != nullptr);
  return server.listen(endpoint, [this] { return routes(); });
}

void AdminListener::record(const tls::Refusal& refusal, const net::PeerAddress& peer) {
  const auto answer = source_limit_.ask(peer.address, std::chrono::steady_clock::now());
  if (!answer.write) return;
  const std::string id = gateway::next_record_id();
  inputs_.records->write(
      gateway::refused_record({inputs_.clock->now(), id, "authority", &peer}, refusal, answer.suppressed));
}

}  // namespace symbolon::cli
