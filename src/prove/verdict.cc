#include "prove/verdict.h"

#include <fmt/format.h>

#include <algorithm>

namespace symbolon::prove {

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass: return "pass";
    case Verdict::fail: return "fail";
    case Verdict::unclear: return "unclear";
    case Verdict::not_run: return "not_run";
  }
  return "unclear";
}

std::string Score::text() const {
  const std::string out = fmt::format("{} of {}", passed, run);
  return not_run == 0 ? out : fmt::format("{}, {} not run", out, not_run);
}

Score score(const std::vector<CaseResult>& results) {
  Score out;
  for (const CaseResult& one : results) {
    if (one.verdict == Verdict::not_run) {
      ++out.not_run;
      continue;
    }
    ++out.run;
    if (one.verdict == Verdict::pass) ++out.passed;
  }
  return out;
}

int exit_status(const std::vector<CaseResult>& results) {
  const Score all = score(results);
  return all.run > 0 && all.passed == all.run ? 0 : 1;
}

}  // namespace symbolon::prove
