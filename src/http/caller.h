// Who speaks on a connection: what a handler bases its decision about rights on.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "net/listener.h"
#include "x509/certificate.h"

namespace symbolon::http {

enum class Transport : std::uint8_t { unix_socket, socket_pair, tcp, tls };

// SO_PEERCRED: the process that called connect() or socketpair().
struct UnixPeer {
  uid_t user = 0;
  gid_t group = 0;
  pid_t process = 0;
};

struct Caller {
  Transport transport = Transport::tcp;
  std::string address;           // "unix:pid 4711 uid 0", "192.0.2.1:40000"; for records
  std::optional<UnixPeer> peer;  // unix_socket and socket_pair
  net::PeerAddress source = {};  // tcp and tls
  // tls: the path that the handshake verified, leaf first, anchor last. Empty when the peer presented none.
  std::vector<x509::Certificate> verified_path = {};
};

}  // namespace symbolon::http
