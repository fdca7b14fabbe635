#include "gateway/session_index.h"

#include <cstring>

namespace symbolon::gateway {
namespace {

CertificateKey key_of(const crypto::Sha256& issuer, const x509::SerialNumber& serial) {
  std::array<std::uint8_t, std::tuple_size_v<crypto::Sha256> + x509::SerialNumber::kMost> both;
  const ByteView magnitude = serial.magnitude();
  const auto end = std::ranges::copy(magnitude, std::ranges::copy(issuer, both.begin()).out).out;
  const crypto::Sha256 digest = crypto::sha256({both.begin(), end});
  CertificateKey out;
  std::memcpy(&out.octets, digest.data(), sizeof(out.octets));
  return out;
}

}  // namespace

std::vector<CertificateKey> keys_of(const std::vector<x509::Certificate>& path) {
  if (path.size() == 1) return {key_of(crypto::sha256(path[0].issuer().canonical()), path[0].serial())};
  std::vector<CertificateKey> out;
  for (std::size_t i = 0; i + 1 < path.size(); ++i)
    out.push_back(key_of(revocation::IssuerKey::of(path[i + 1]).octets, path[i].serial()));
  return out;
}

std::array<CertificateKey, 2> keys_of(const revocation::Addition& added) {
  return {key_of(added.issuer.octets, added.serial), key_of(added.issuer.name, added.serial)};
}

void SessionIndex::put(Place& place, Session& session, const std::vector<CertificateKey>& keys) {
  std::vector<Entry> entries;
  entries.reserve(keys.size());
  for (const CertificateKey key : keys) entries.push_back({.key = key, .session = &session});
  std::size_t linked = 0;
  try {
    for (; linked < entries.size(); ++linked) link(entries[linked]);
  } catch (...) {
    while (linked != 0) unlink(entries[--linked]);
    throw;
  }
  take_out(place);
  place.entries_ = std::move(entries);  // they stay where they are
}

void SessionIndex::take_out(Place& place) {
  for (Entry& entry : place.entries_) unlink(entry);
  place.entries_.clear();
}

void SessionIndex::begin_walk(CertificateKey key) {
  const auto found = first_.find(key);
  walk_ = found == first_.end() ? nullptr : found->second;
}

Session* SessionIndex::next() {
  if (walk_ == nullptr) return nullptr;
  Session* const session = walk_->session;
  walk_ = walk_->next;
  return session;
}

// In front: a walk that goes on is past it.
void SessionIndex::link(Entry& entry) {
  Entry*& first = first_.try_emplace(entry.key, nullptr).first->second;
  entry.next = first;
  if (first != nullptr) first->previous = &entry;
  first = &entry;
}

void SessionIndex::unlink(Entry& entry) {
  if (walk_ == &entry) walk_ = entry.next;
  if (entry.next != nullptr) entry.next->previous = entry.previous;
  if (entry.previous != nullptr) {
    entry.previous->next = entry.next;
  } else if (entry.next != nullptr) {
    first_.find(entry.key)->second = entry.next;
  } else {
    first_.erase(entry.key);
  }
}

}  // namespace symbolon::gateway
