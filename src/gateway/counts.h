// What one thread of the gateway counts: plain integers that nobody else touches while it does. Whoever asks gets a
// copy (gathering.h). Private to this folder.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/gateway_info.h"
#include "base/codes.h"
#include "base/metrics.h"
#include "tls/handshake.h"

namespace symbolon::gateway {

// With whom a handshake was: a client of ours, or the service behind a route that dials TLS.
enum class PeerKind : std::uint8_t { client, service };
std::string_view name(PeerKind peer);

// How a handshake went. The views are of texts that last (the library's names).
struct HandshakeKind {
  PeerKind peer = PeerKind::client;
  std::string_view version;     // "TLSv1.3"; empty: it never came to one
  std::string_view group;       // "x25519"; empty: none, or the library does not say
  std::optional<Code> refused;  // none: admitted
  bool resumed = false;         // by a session of before
  auto operator<=>(const HandshakeKind&) const = default;
};

struct RouteCounts {
  std::map<HandshakeKind, std::uint64_t> handshakes;
  std::map<std::string_view, std::uint64_t> declined;  // sessions that were not resumed, by why (tls/resumption.h)
  std::map<Code, std::uint64_t> refused;  // without a handshake, or after a good one: limits, PROXY headers
  std::map<Code, std::uint64_t> closed;   // by reason
  std::uint64_t opened = 0;
  std::int64_t open = 0;       // now
  std::uint64_t received = 0;  // octets from clients
  std::uint64_t sent = 0;
  Durations handshake;    // of clients that were admitted, from accept on
  Durations first_octet;  // from there to the first octet of the service

  void add(const RouteCounts& other);
};

struct Counts {
  std::map<std::string, RouteCounts, std::less<>> routes;  // "": no route was chosen
  std::uint64_t sightings_lost = 0;

  void add(const Counts& other);
};

// The certificates that one thread saw since they were last taken.
class Sightings {
 public:
  static constexpr std::size_t kMost = 16384;  // certificates and routes

  // False: there is no room.
  bool note(const tls::Admission& admission, std::string_view route, std::string_view address, UnixSeconds now);
  std::vector<api::SeenCertificate> take();

 private:
  struct Key {
    x509::Fingerprint fingerprint;
    std::string route;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };
  std::unordered_map<Key, api::SeenCertificate, Hash> seen_;
};

class ThreadCounts {
 public:
  // Stays where it is until forget_routes().
  RouteCounts& of(std::string_view route);
  // `route` is empty where none was chosen.
  void refused(Code code, std::string_view route = {}) { ++of(route).refused[code]; }
  // A client whose possession of its key is proven was admitted.
  void seen(const tls::Admission& admission, std::string_view route, std::string_view address, UnixSeconds now);
  // Drops those that are not named here and have no open connection, so that renamed routes do not pile up.
  void forget_routes_but(const std::vector<std::string_view>& names);

  const Counts& counts() const { return counts_; }
  std::vector<api::SeenCertificate> take_sightings() { return sightings_.take(); }

 private:
  Counts counts_;
  Sightings sightings_;
};

}  // namespace symbolon::gateway
