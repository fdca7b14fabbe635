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

static_assert(sizeof(TicketKey) * 3 <= crypto::LockedPage::kSize);

TicketKeys::TicketKeys(const Clock& clock) : clock_(clock), keys_(new(page_.octets().data()) TicketKey[kMost]) {}

bool TicketKeys::seal(const Use& use) {
  const std::lock_guard lock(mutex_);
  if (!closed_) return use(keys_[current(clock_.now())]);
  TicketKey& once = keys_[0];
  fill(once);
  const bool out = use(once);
  wipe(0);
  return out;
}

bool TicketKeys::open(ByteView name, const Use& use) {
  const std::lock_guard lock(mutex_);
  wipe_old(clock_.now());
  for (std::size_t i = 0; i < kMost; ++i) {
    if (slots_[i].used && std::ranges::equal(keys_[i].name, name)) return use(keys_[i]);
  }
  return false;
}

void TicketKeys::renew() {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < kMost; ++i) wipe(i);
}

void TicketKeys::close() {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < kMost; ++i) wipe(i);
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

// A key from the future: the clock was set back, and nobody knows how old it is.
void TicketKeys::wipe_old(UnixSeconds now) {
  for (std::size_t i = 0; i < kMost; ++i) {
    if (slots_[i].used && (now < slots_[i].made || now - slots_[i].made >= kLongest)) wipe(i);
  }
}

std::size_t TicketKeys::current(UnixSeconds now) {
  wipe_old(now);
  std::size_t newest = kMost;
  std::size_t spare = 0;  // one that is free, else the oldest
  for (std::size_t i = 0; i < kMost; ++i) {
    if (slots_[i].used && (newest == kMost || slots_[newest].made < slots_[i].made)) newest = i;
    if (slots_[spare].used && (!slots_[i].used || slots_[i].made < slots_[spare].made)) spare = i;
  }
  if (newest != kMost && now - slots_[newest].made < kPeriod) return newest;
  fill(keys_[spare]);
  slots_[spare] = {.made = now, .used = true};
  return spare;
}

}  // namespace symbolon::tls
