#include "authority/api_rights.h"

#include <fmt/format.h>

#include "x509/identity.h"

namespace symbolon::authority {

namespace {

Result<api::Roles> roles_of_certificate(const http::Caller& caller, const Operations& operations, Roleless roleless) {
  if (caller.verified_path.size() < 2) return fail(Code::forbidden, "no certificate of this authority was presented");
  const x509::Certificate& leaf = caller.verified_path[0];
  const Standing standing = TRY(operations.standing_of(caller.verified_path[1], leaf));
  switch (standing) {
    case Standing::good: break;
    case Standing::revoked: return fail(Code::forbidden, "{} is revoked", leaf.text());
    case Standing::foreign: return fail(Code::forbidden, "{} was not issued by this authority", leaf.text());
  }
  const api::Roles roles = operations.roles_of(x509::identity_of(leaf));
  if (!roles.empty() || roleless == Roleless::admitted) return roles;
  return fail(Code::forbidden, "{} has no role: its profile is '{}', and no rule of `rights` names it", leaf.text(),
              leaf.profile().value_or("none"));
}

}  // namespace

std::string requester_of(const http::Caller& caller) {
  if (!caller.verified_path.empty()) return fmt::format("certificate {}", caller.verified_path.front().text());
  if (caller.peer) return fmt::format("unix: uid {}", caller.peer->user);
  return fmt::format("tcp {}", caller.address);
}

std::string person_of(const http::Caller& caller) {
  if (caller.verified_path.empty()) return requester_of(caller);
  return fmt::format("certificate {}", caller.verified_path.front().subject().text());
}

Result<api::Roles> roles_of(const http::Caller& caller, const Operations& operations, const LocalCallers& local,
                            Roleless roleless) {
  switch (caller.transport) {
    case http::Transport::unix_socket:
    case http::Transport::socket_pair:
      if (caller.peer && (caller.peer->user == 0 || caller.peer->user == local.owner)) return local.roles;
      return fail(Code::forbidden, "only root and uid {} may use this socket", local.owner);
    case http::Transport::tls: return roles_of_certificate(caller, operations, roleless);
    case http::Transport::tcp: return fail(Code::forbidden, "a plain connection proves no identity");
  }
  return fail(Code::forbidden, "the transport is not known");
}

Status check_right(const api::Endpoint& endpoint, const Requester& requester, http::Transport transport,
                   Roleless roleless) {
  const bool local = transport == http::Transport::unix_socket || transport == http::Transport::socket_pair;
  if (endpoint.reach == api::Reach::local && !local) {
    return fail(Code::forbidden,
                "'{}' carries a private key, which crosses no network: call it on the authority's machine",
                endpoint.name);
  }
  if (endpoint.allows(requester.roles)) return {};
  if (roleless == Roleless::admitted && transport == http::Transport::tls) return {};
  return fail(Code::forbidden, "'{}' needs the role {}; {} has: {}", endpoint.name, endpoint.needs(), requester.text,
              requester.roles.text());
}

}  // namespace symbolon::authority
