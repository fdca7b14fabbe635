// What the gateway says about connections: one JSON object each (docs/rejections.md has the codes).
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "net/listener.h"
#include "tls/handshake.h"

namespace symbolon::gateway {

// Four characters of Crockford's base 32 ("7Q4M"), for a person to name a record by. None comes twice within a million.
// Thread-safe.
std::string next_record_id();

// Who, when, where: what every record begins with.
struct RecordHead {
  UnixSeconds time;
  std::string_view id;
  std::string_view route;
  const net::PeerAddress* peer = nullptr;
  std::string_view service = {};            // the address behind the route, once one was reached or is meant
  const net::PeerAddress* proxy = nullptr;  // through which the peer came, where it said so
};

// "record":"refused": the handshake was refused, or failed; that of the server behind the route where the head says so.
// `suppressed` is the number of records of this source that were left out since the last one.
std::string refused_record(const RecordHead& head, const tls::Refusal& refusal, std::uint64_t suppressed);
// "record":"refused" for what has no handshake: limits, out_of_descriptors, draining. `alert_sent`: 0 for none.
std::string refused_record(const RecordHead& head, const Error& error, std::uint64_t suppressed, int alert_sent = 0);

// "record":"opened": admitted.
std::string opened_record(const RecordHead& head, const tls::Peer& peer);

// "record":"reached": the service, where it is a TLS server (null: plain) or others were tried in vain before.
std::string reached_record(const RecordHead& head, const std::optional<tls::Peer>& server, std::string_view failures);

struct Closing {
  std::uint64_t received = 0;  // octets from the client, decrypted
  std::uint64_t sent = 0;      // octets to the client, before encryption
  std::int64_t milliseconds = 0;
  Code reason = Code::connection_ended;
  std::string words;
};
// "record":"closed": the end of an admitted connection.
std::string closed_record(const RecordHead& head, const tls::Peer& peer, const Closing& closing);

}  // namespace symbolon::gateway
