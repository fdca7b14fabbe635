// Where to listen or to connect: ":8443", "127.0.0.1:3000", "[::1]:443", "db.internal:5432", "unix:/run/app.sock".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace symbolon::net {

struct Endpoint {
  enum class Kind : std::uint8_t {
    any,        // every address of this machine; only to listen
    address,    // an IPv4 or IPv6 literal
    name,       // a host name, to be resolved
    unix_path,  // a Unix domain socket
  };
  Kind kind = Kind::any;
  std::string host;        // the literal in its shortest form without brackets, the name in lower case, or the path
  std::uint16_t port = 0;  // 0: the system chooses (to listen only); unused with unix_path

  // Total. Fails with bad_request, saying what is expected in place of what stood there.
  static Result<Endpoint> parse(std::string_view text);
  std::string text() const;  // parse(text()) gives the same endpoint
  // Nobody beyond this machine can connect to it: a loopback address or a Unix socket. (What a name means, others say.)
  bool is_local() const;
  bool operator==(const Endpoint&) const = default;
};

}  // namespace symbolon::net
