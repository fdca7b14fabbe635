#include "authority/ocsp_cache.h"

#include <string_view>

namespace symbolon::authority {

std::size_t OcspCache::Hash::operator()(const Key& key) const {
  const ByteView serial = key.entry.serial.magnitude();
  // Serials of ours are random; those of others are not in the cache.
  const std::size_t of_serial = std::hash<std::string_view>()(as_text(serial));
  return of_serial ^ (static_cast<std::size_t>(key.issuer.value) << 1U) ^ static_cast<std::size_t>(key.entry.hash);
}

std::shared_ptr<const OcspResponse> OcspCache::find(const Key& key) {
  const std::lock_guard lock(mutex_);
  if (const auto at = young_.find(key); at != young_.end()) {
    at->second.asked = true;
    return at->second.response;
  }
  const auto at = old_.find(key);
  if (at == old_.end()) return nullptr;
  Slot slot = std::move(at->second);
  old_.erase(at);
  slot.asked = true;
  auto response = slot.response;
  young_.insert_or_assign(key, std::move(slot));
  make_room();
  return response;
}

void OcspCache::make_room() {
  if (young_.size() <= most_ / 2) return;
  old_ = std::move(young_);
  young_ = {};
}

void OcspCache::put(const Key& key, std::shared_ptr<const OcspResponse> response) {
  const std::lock_guard lock(mutex_);
  old_.erase(key);
  young_.insert_or_assign(key, Slot{.response = std::move(response)});
  make_room();
}

std::vector<OcspCache::Key> OcspCache::due(UnixSeconds at, std::size_t most) const {
  const std::lock_guard lock(mutex_);
  std::vector<Key> out;
  for (const Map* map : {&young_, &old_}) {
    for (const auto& [key, slot] : *map) {
      if (out.size() == most) return out;
      if (slot.asked && slot.response->half_over() <= at) out.push_back(key);
    }
  }
  return out;
}

std::size_t OcspCache::size() const {
  const std::lock_guard lock(mutex_);
  return young_.size() + old_.size();
}

}  // namespace symbolon::authority
