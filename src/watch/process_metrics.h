// The process as the system sees it, under Prometheus' own names (process_...).
#pragma once

#include "base/metrics.h"

namespace symbolon::watch {

// Version, memory, descriptors, processor time, lines of the log that were lost.
void add_process_metrics(Families& families);

}  // namespace symbolon::watch
