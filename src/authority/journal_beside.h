// The journal of the gateway in the same state folder, held against the ledger before anything is issued: for a process
// that no gateway asks first (a command that hosts the authority itself, or one process for everything).
#pragma once

#include "authority/feed_history.h"
#include "authority/taking_back.h"
#include "base/file.h"

namespace symbolon::authority {

// What it knows and the ledger does not comes back as if that gateway handed it back. Where that fails, the log says
// why, and a head that our key has signed keeps the ledger behind (TakingBack::check).
void take_back_from(const Path& journal, TakingBack& taking_back, FeedHistory& history);

}  // namespace symbolon::authority
