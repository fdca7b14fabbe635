// User and password for a proxy.
#pragma once

#include <string>

#include "base/error.h"
#include "base/secret.h"

namespace symbolon::net {

class ProxyCredentials {
 public:
  // "user:password", with a line end behind or none. Fails with bad_request: no colon, an empty or longer part than 255
  // octets (RFC 1929 §2),
  // a control character. The first colon ends the user, as in RFC 7617 §2.
  static Result<ProxyCredentials> parse(std::string_view text);
  const std::string& user() const { return user_; }
  std::string_view password() const { return password_.reveal(); }

 private:
  ProxyCredentials(std::string user, Secret password) : user_(std::move(user)), password_(std::move(password)) {}
  std::string user_;
  Secret password_;
};

}  // namespace symbolon::net
