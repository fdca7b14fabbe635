#include "gateway/counts.h"

#include <algorithm>
#include <cstring>

namespace symbolon::gateway {

std::string_view name(PeerKind peer) { return peer == PeerKind::client ? "client" : "service"; }

void RouteCounts::add(const RouteCounts& other) {
  for (const auto& [kind, count] : other.handshakes) handshakes[kind] += count;
  for (const auto& [reason, count] : other.declined) declined[reason] += count;
  for (const auto& [code, count] : other.refused) refused[code] += count;
  for (const auto& [reason, count] : other.closed) closed[reason] += count;
  opened += other.opened;
  open += other.open;
  received += other.received;
  sent += other.sent;
  handshake.add(other.handshake);
  first_octet.add(other.first_octet);
}

void Counts::add(const Counts& other) {
  for (const auto& [name, route] : other.routes) routes[name].add(route);
  sightings_lost += other.sightings_lost;
}

std::size_t Sightings::Hash::operator()(const Key& key) const {
  std::size_t out = 0;  // the fingerprint is a digest: any part of it is spread evenly
  std::memcpy(&out, key.fingerprint.octets.data(), sizeof out);
  return out;
}

bool Sightings::note(const tls::Admission& admission, std::string_view route, std::string_view address,
                     UnixSeconds now) {
  const x509::Identity& identity = admission.identity;
  Key key{identity.fingerprint, std::string(route)};
  auto at = seen_.find(key);
  if (at == seen_.end()) {
    if (seen_.size() >= kMost) return false;
    api::SeenCertificate first{.fingerprint = identity.fingerprint.hex(),
                               .serial = identity.serial.hex(),
                               .issuer = identity.issuer.text(),
                               .subject = identity.subject,
                               .identity = identity.text(),
                               .route = key.route,
                               .address = {},
                               .not_after = admission.path.front().validity().not_after,
                               .first_seen = now,
                               .last_seen = now,
                               .times = 0};
    at = seen_.emplace(std::move(key), std::move(first)).first;
  }
  api::SeenCertificate& seen = at->second;
  seen.address = address;
  seen.last_seen = now;
  ++seen.times;
  return true;
}

std::vector<api::SeenCertificate> Sightings::take() {
  std::vector<api::SeenCertificate> out;
  out.reserve(seen_.size());
  for (auto& [key, seen] : seen_) out.push_back(std::move(seen));
  seen_.clear();
  return out;
}

RouteCounts& ThreadCounts::of(std::string_view route) {
  const auto at = counts_.routes.find(route);
  return at != counts_.routes.end() ? at->second : counts_.routes[std::string(route)];
}

void ThreadCounts::seen(const tls::Admission& admission, std::string_view route, std::string_view address,
                        UnixSeconds now) {
  if (!sightings_.note(admission, route, address, now)) ++counts_.sightings_lost;
}

void ThreadCounts::forget_routes_but(const std::vector<std::string_view>& names) {
  std::erase_if(counts_.routes, [&](const auto& route) {
    return !route.first.empty() && route.second.open == 0 && std::ranges::find(names, route.first) == names.end();
  });
}

}  // namespace symbolon::gateway
