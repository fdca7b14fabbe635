// `prove(plan) -> Proof`: the control, then each case in its turn.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "prove/grounds.h"
#include "prove/verdict.h"

namespace symbolon::prove {

struct Proof {
  std::string endpoint;
  std::string server_name;
  UnixSeconds at{};
  bool reachable = false;
  CaseResult control;               // not counted; unless it passes, no case is run
  std::vector<CaseResult> results;  // in the order of the table

  // 0, 1, or 3 where no connection came about.
  int exit_status() const;
};

// Blocks: each connection takes its time at most, and who is to end or to be revoked is waited for. Total. The plan's
// `only` names known cases.
Proof prove(const Plan& plan, const Clock& clock);

}  // namespace symbolon::prove
