// The report for a terminal of 80 columns: the verdict, the findings, then the ladder and both chains.
#pragma once

#include <string>

#include "check/paint.h"
#include "check/report.h"

namespace symbolon::check {

// As to_text of report.h, and painted. No line is wider than kTextColumns; ends with a line break.
std::string to_text(const Observation& observation, const Report& report, const Paint& paint);

}  // namespace symbolon::check
