#include "authority/delta_bases.h"

namespace symbolon::authority {
namespace {

constexpr std::int64_t kOfOneLife = 128;

}  // namespace

void DeltaBases::add(const Crl& full) {
  const Seconds apart{(full.next_update - full.this_update).count / kOfOneLife};
  if (!kept_.empty() && full.this_update - kept_.back().this_update < apart) return;
  kept_.push_back({full.number, full.revocations, full.this_update, full.next_update});
}

std::optional<DeltaBases::Base> DeltaBases::oldest(UnixSeconds now) {
  while (!kept_.empty() && kept_.front().next_update <= now) kept_.pop_front();
  return kept_.empty() ? std::nullopt : std::optional(kept_.front());
}

}  // namespace symbolon::authority
