// The way to the authority: over mutual TLS to the one that was named, else over the socket of the one that runs here,
// else one is hosted in this process and called the same way.
#pragma once

#include <memory>

#include "base/error.h"
#include "cli/session.h"
#include "enroll/authority_client.h"

namespace symbolon::cli {

class AuthorityLink {
 public:
  // Elsewhere: fails with bad_request (the URL), file_missing, key_..., authority_unreachable, server_certificate_...
  // and alert_received (it refuses the certificate). Here: with state_missing, state_locked (somebody holds the state
  // and does not answer), and as Authority::open.
  static Result<AuthorityLink> open(const Session& session);

  AuthorityLink(AuthorityLink&&) noexcept;
  AuthorityLink& operator=(AuthorityLink&&) noexcept;
  ~AuthorityLink();

  enroll::AuthorityClient& client() { return *client_; }
  // After the last call: what was revoked by an authority in this process stands in the CRLs that are published when
  // this returns. Fails as CrlPublisher::publish_now; the revocation itself stands.
  Status finish();

 private:
  struct Host;  // the authority in this process, with its threads; absent where one runs elsewhere
  AuthorityLink(std::unique_ptr<Host> host, std::unique_ptr<enroll::AuthorityClient> client);
  std::unique_ptr<Host> host_;
  std::unique_ptr<enroll::AuthorityClient> client_;
};

}  // namespace symbolon::cli
