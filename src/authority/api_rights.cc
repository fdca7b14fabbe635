#include "authority/api_rights.h"

#include <fmt/format.h>

namespace symbolon::authority {

namespace {

constexpr std::string_view kAdminProfile = "admin";

Status check_certificate(const http::Caller& caller, const Operations& operations) {
  if (caller.verified_path.size() < 2) return fail(Code::forbidden, "no certificate of this authority was presented");
  const x509::Certificate& leaf = caller.verified_path[0];
  if (leaf.profile() != kAdminProfile) {
    return fail(Code::forbidden, "{} has the profile '{}', not '{}'", leaf.text(), leaf.profile().value_or("none"),
                kAdminProfile);
  }
  const Standing standing = TRY(operations.standing_of(caller.verified_path[1], leaf));
  switch (standing) {
    case Standing::good: return {};
    case Standing::revoked: return fail(Code::forbidden, "{} is revoked", leaf.text());
    case Standing::foreign: return fail(Code::forbidden, "{} was not issued by this authority", leaf.text());
  }
  return fail(Code::forbidden, "the standing of {} is not known", leaf.text());
}

}  // namespace

std::string requester_of(const http::Caller& caller) {
  if (!caller.verified_path.empty()) return fmt::format("certificate {}", caller.verified_path.front().text());
  if (caller.peer) return fmt::format("unix: uid {}", caller.peer->user);
  return fmt::format("tcp {}", caller.address);
}

Status check_rights(const http::Caller& caller, const Operations& operations, uid_t owner) {
  switch (caller.transport) {
    case http::Transport::unix_socket:
    case http::Transport::socket_pair:
      if (caller.peer && (caller.peer->user == 0 || caller.peer->user == owner)) return {};
      return fail(Code::forbidden, "only root and uid {} may use this socket", owner);
    case http::Transport::tls: return check_certificate(caller, operations);
    case http::Transport::tcp: return fail(Code::forbidden, "a plain connection proves no identity");
  }
  return fail(Code::forbidden, "the transport is not known");
}

}  // namespace symbolon::authority
