// The lines of a long call's answer (docs/api.md).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "api/ledger.h"
#include "base/error.h"

namespace symbolon::enroll {

using OnProgress = std::function<void(const api::Progress&)>;

class LineReader {
 public:
  explicit LineReader(const OnProgress& on_progress) : on_progress_(on_progress) {}

  // The answer as far as it has come: reports the progress in the lines that are new. Never fails: finish() will say.
  void see(std::string_view so_far);
  // The whole answer: the JSON of the result. Fails with the problem's code, or bad_request when the last line is
  // neither.
  Result<std::string> finish(std::string_view whole);

 private:
  OnProgress on_progress_;
  std::size_t seen_ = 0;
};

}  // namespace symbolon::enroll
