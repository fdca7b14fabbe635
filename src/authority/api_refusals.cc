#include "authority/api_refusals.h"

#include "authority/api_rights.h"

namespace symbolon::authority {

void RefusalRecorder::record(const http::Caller& caller, std::string call, Error why) {
  {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (now - second_ >= std::chrono::seconds(1)) {
      second_ = now;
      in_second_ = 0;
    }
    if (++in_second_ > kMostRefusalsPerSecond) {
      ++left_out_;
      return;
    }
    if (left_out_ > told_) why.words += fmt::format(" (and {} refusals before)", left_out_ - told_);
    told_ = left_out_;
  }
  const auto started = pool_.start([this, requester = requester_of(caller), call = std::move(call),
                                    why = std::move(why)] { operations_.record_refusal(requester, call, why); });
  if (started) return;
  const std::lock_guard lock(mutex_);
  ++left_out_;
}

std::uint64_t RefusalRecorder::left_out() const {
  const std::lock_guard lock(mutex_);
  return left_out_;
}

}  // namespace symbolon::authority
