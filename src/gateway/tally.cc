#include "gateway/tally.h"

#include <utility>

namespace symbolon::gateway {

using Steady = std::chrono::steady_clock;

Tally::~Tally() {
  if (route_ != nullptr) --route_->open;
}

namespace {

HandshakeKind kind_of(PeerKind kind, const tls::Refusal& refusal) {
  return {.peer = kind, .version = refusal.version, .group = refusal.group, .refused = refusal.code, .resumed = false};
}

HandshakeKind kind_of(PeerKind kind, const tls::Peer& peer) {
  return {.peer = kind, .version = peer.version, .group = peer.group, .refused = {}, .resumed = peer.resumed};
}

}  // namespace

void Tally::refused(const tls::Refusal& refusal) {
  RouteCounts& counts = thread_.of(refusal.route);
  ++counts.handshakes[kind_of(PeerKind::client, refusal)];
  if (!refusal.declined_session.empty()) ++counts.declined[refusal.declined_session];
}

void Tally::refused(Code code, std::string_view route) { thread_.refused(code, route); }

void Tally::admitted(std::string_view route, const tls::Peer& peer) {
  RouteCounts& counts = thread_.of(route);
  ++counts.handshakes[kind_of(PeerKind::client, peer)];
  if (!peer.declined_session.empty()) ++counts.declined[peer.declined_session];
  const Moment now = Steady::now();
  counts.handshake.add(now - std::exchange(since_, now));
}

void Tally::entered(const Entry& entry, const tls::Admission* client) {
  route_ = &thread_.of(entry.route);
  ++route_->open;
  ++route_->opened;
  if (client != nullptr) thread_.seen(*client, entry.route, entry.address, entry.at);
}

void Tally::reached(const tls::Peer& service) { ++route_->handshakes[kind_of(PeerKind::service, service)]; }

void Tally::refused_service(const tls::Refusal& refusal) { ++route_->handshakes[kind_of(PeerKind::service, refusal)]; }

void Tally::moved(std::uint64_t received, std::uint64_t sent) {
  if (sent != 0 && sent_ == 0) route_->first_octet.add(Steady::now() - since_);
  route_->received += received - received_;
  route_->sent += sent - sent_;
  received_ = received;
  sent_ = sent;
}

void Tally::closed(Code reason) { ++route_->closed[reason]; }

}  // namespace symbolon::gateway
