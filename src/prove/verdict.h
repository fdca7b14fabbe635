// What a case came to, and what all of them come to.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/codes.h"

namespace symbolon::prove {

enum class Verdict : std::uint8_t {
  pass,     // the endpoint did what is right
  fail,     // it did not, and that is seen
  unclear,  // it may have; what was seen does not decide
  not_run,  // the case needs something that is not at hand
};
std::string_view name(Verdict verdict);  // "pass", "fail", "unclear", "not_run"

struct CaseResult {
  std::string id;
  Verdict verdict = Verdict::not_run;
  std::string words;  // what was seen, or why it was not run; for people
  std::chrono::milliseconds took{0};
};

// Passes of what was run. What was not run counts on neither side.
struct Score {
  std::size_t passed = 0;
  std::size_t run = 0;
  std::size_t not_run = 0;
  std::string text() const;  // "17 of 19", "17 of 19, 3 not run"
};
Score score(const std::vector<CaseResult>& results);

// 0: whatever was run passed. 1: a failure, something unclear, or nothing was run.
int exit_status(const std::vector<CaseResult>& results);

// Of a failure: not_mutual.
inline constexpr Code kFailureCode = Code::not_mutual;
inline constexpr int kUsageStatus = 2;
inline constexpr int kUnreachableStatus = 3;

}  // namespace symbolon::prove
