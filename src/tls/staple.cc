#include "tls/staple.h"

namespace symbolon::tls {

void StapleSlot::put(std::shared_ptr<const Staple> staple) {
  const std::scoped_lock lock(mutex_);
  staple_.swap(staple);
}

std::shared_ptr<const Staple> StapleSlot::latest() const {
  const std::scoped_lock lock(mutex_);
  return staple_;
}

std::shared_ptr<const Staple> StapleSlot::current() const {
  auto staple = latest();
  return staple && clock_.now() <= staple->next_update ? staple : nullptr;
}

}  // namespace symbolon::tls
