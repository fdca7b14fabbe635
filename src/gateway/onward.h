// What a service is told about the client that is passed on to it. Private to this folder.
#pragma once

#include <optional>

#include "gateway/proxy_config.h"
#include "net/proxy_protocol.h"
#include "tls/handshake.h"
#include "x509/certificate.h"

namespace symbolon::gateway {

struct Onward {
  net::PeerAddress source;                    // the client
  net::PeerAddress destination;               // where it connected to
  const tls::Peer* peer = nullptr;            // null: it speaks no TLS with us
  const x509::Certificate* server = nullptr;  // what it was shown; null likewise
  std::string_view id = {};                   // of the connection in records
};

// The header as it is sent; empty where none is configured. Fails with identity_not_forwarded.
Result<Bytes> onward_header(const OnwardConfig& config, const Onward& onward);

}  // namespace symbolon::gateway
