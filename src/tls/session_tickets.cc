#include "tls/session_tickets.h"

#include <algorithm>

namespace symbolon::tls {

const SessionTickets::Ca* SessionTickets::find(const SessionFacts::Link& link) const {
  const auto found = std::ranges::find(cas_, link, &Ca::link);
  return found == cas_.end() ? nullptr : &*found;
}

void SessionTickets::remember_cas(const std::vector<x509::Certificate>& path) {
  const auto links = links_of(path);
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 1; i < links.size(); ++i) {
    if (find(links[i]) != nullptr) continue;
    if (cas_.size() < kMostCas) {
      cas_.push_back({links[i], path[i]});
    } else {
      cas_[oldest_++ % kMostCas] = {links[i], path[i]};
    }
  }
}

std::optional<std::vector<x509::Certificate>> SessionTickets::rebuild(
    const x509::Certificate& leaf, const std::vector<SessionFacts::Link>& path) const {
  if (path.empty() || path.front().serial != leaf.serial()) return std::nullopt;
  std::vector<x509::Certificate> out = {leaf};
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 1; i < path.size(); ++i) {
    const Ca* const ca = find(path[i]);
    if (ca == nullptr) return std::nullopt;
    out.push_back(ca->certificate);
  }
  return out;
}

}  // namespace symbolon::tls
