// When the sessions of one thread outlive the certificates by which they were admitted. Private to this folder.
#pragma once

#include <map>
#include <optional>

#include "base/clock.h"

namespace symbolon::gateway {

class Session;

// On one thread only.
class Expiries {
 public:
  using Entry = std::multimap<UnixSeconds, Session*>::iterator;

  // The certificate ends at `not_after`: its last second is still good.
  Entry add(UnixSeconds not_after, Session& session) { return entries_.emplace(not_after, &session); }
  void remove(Entry entry) { entries_.erase(entry); }
  bool empty() const { return entries_.empty(); }
  // One whose time is over; null: there is none.
  Session* over(UnixSeconds now) const {
    return empty() || !(entries_.begin()->first < now) ? nullptr : entries_.begin()->second;
  }

 private:
  std::multimap<UnixSeconds, Session*> entries_;
};

}  // namespace symbolon::gateway
