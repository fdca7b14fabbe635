#include "tls/ticket_keys.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "crypto/digest.h"

namespace symbolon::tls {
namespace {

void fill(TicketKey& key) {
  crypto::fill_random(key.name);
  crypto::fill_random(key.encryption);
  crypto::fill_random(key.authentication);
}

}  // namespace

static_assert(sizeof(TicketKey) * 8 <= crypto::LockedPage::kSize);

SharedTicketKey::~SharedTicketKey() { explicit_bzero(static_cast<void*>(&key), sizeof(key)); }

TicketKeys::TicketKeys(const Clock& clock) : clock_(clock), keys_(new(page_.octets().data()) TicketKey[kMost]) {}

bool TicketKeys::seal(const Use& use) {
  const std::lock_guard lock(mutex_);
  if (!closed_) {
    const UnixSeconds now = clock_.now();
    wipe_old(now);
    const std::size_t slot = sealing(now);
    return use(keys_[slot != kMost ? slot : make(now)]);
  }
  TicketKey& once = keys_[0];
  fill(once);
  const bool out = use(once);
  wipe(0);
  return out;
}

bool TicketKeys::open(ByteView name, const Use& use) {
  const std::lock_guard lock(mutex_);
  wipe_old(clock_.now());
  const std::size_t slot = named(name);
  return slot != kMost && use(keys_[slot]);
}

void TicketKeys::give(const Each& each) {
  const std::lock_guard lock(mutex_);
  const UnixSeconds now = clock_.now();
  wipe_old(now);
  const std::size_t last = newest(Origin::own);
  if (last == kMost || now - slots_[last].made >= kPeriod - kLead) make(now);
  for (std::size_t i = 0; i < kMost; ++i) {
    if (slots_[i].used) each(keys_[i], now - slots_[i].made);
  }
}

void TicketKeys::take(std::span<const SharedTicketKey> keys, UnixSeconds asked) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  const UnixSeconds now = clock_.now();
  for (const SharedTicketKey& one : keys) {
    // Ages are in whole seconds, and were counted after `asked`: no key counts as younger than it is.
    const UnixSeconds made = asked - one.age - Seconds{1};
    const std::size_t known = named(one.key.name);
    if (known != kMost) {
      slots_[known].made = std::min(slots_[known].made, made);
      continue;
    }
    if (now - made >= kLongest || (renewed_ && made <= *renewed_)) continue;
    const std::size_t slot = spare();
    keys_[slot] = one.key;
    slots_[slot] = {.made = made, .origin = Origin::shared, .used = true};
  }
  wipe_old(now);
}

void TicketKeys::renew() {
  const std::lock_guard lock(mutex_);
  wipe_all();
  renewed_ = clock_.now();
}

void TicketKeys::forget() {
  const std::lock_guard lock(mutex_);
  wipe_all();
  renewed_.reset();
}

void TicketKeys::close() {
  const std::lock_guard lock(mutex_);
  wipe_all();
  closed_ = true;
}

void TicketKeys::drop_old() {
  const std::lock_guard lock(mutex_);
  wipe_old(clock_.now());
}

std::size_t TicketKeys::size() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::ranges::count(slots_, true, &Slot::used));
}

void TicketKeys::wipe(std::size_t slot) {
  explicit_bzero(static_cast<void*>(&keys_[slot]), sizeof(TicketKey));
  slots_[slot] = {};
}

void TicketKeys::wipe_all() {
  for (std::size_t i = 0; i < kMost; ++i) wipe(i);
}

// A key from the future: the clock was set back, and nobody knows how old it is.
void TicketKeys::wipe_old(UnixSeconds now) {
  for (std::size_t i = 0; i < kMost; ++i) {
    if (slots_[i].used && (now < slots_[i].made || now - slots_[i].made >= kLongest)) wipe(i);
  }
}

std::size_t TicketKeys::newest(Origin origin) const {
  std::size_t out = kMost;
  for (std::size_t i = 0; i < kMost; ++i) {
    if (!slots_[i].used || slots_[i].origin != origin) continue;
    if (out == kMost || slots_[out].made < slots_[i].made) out = i;
  }
  return out;
}

// Of the shared ones the newest of kLead; where all are newer, the oldest: it is the one that others had first.
std::size_t TicketKeys::sealing(UnixSeconds now) const {
  std::size_t out = kMost;
  for (std::size_t i = 0; i < kMost; ++i) {
    const Seconds age = now - slots_[i].made;
    if (!slots_[i].used || slots_[i].origin != Origin::shared || age >= kPeriod) continue;
    if (out == kMost) {
      out = i;
      continue;
    }
    const bool ripe = age >= kLead;
    const bool best_is_ripe = now - slots_[out].made >= kLead;
    const bool younger = slots_[out].made < slots_[i].made;
    if (ripe ? !best_is_ripe || younger : !best_is_ripe && !younger) out = i;
  }
  if (out != kMost) return out;
  const std::size_t own = newest(Origin::own);
  return own != kMost && now - slots_[own].made < kPeriod ? own : kMost;
}

std::size_t TicketKeys::named(ByteView name) const {
  for (std::size_t i = 0; i < kMost; ++i) {
    if (slots_[i].used && std::ranges::equal(keys_[i].name, name)) return i;
  }
  return kMost;
}

std::size_t TicketKeys::spare() const {
  std::size_t out = 0;
  for (std::size_t i = 0; i < kMost; ++i) {
    if (slots_[out].used && (!slots_[i].used || slots_[i].made < slots_[out].made)) out = i;
  }
  return out;
}

std::size_t TicketKeys::make(UnixSeconds now) {
  const std::size_t slot = spare();
  fill(keys_[slot]);
  slots_[slot] = {.made = now, .origin = Origin::own, .used = true};
  return slot;
}

}  // namespace symbolon::tls
