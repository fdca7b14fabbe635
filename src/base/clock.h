// Time, injected: nothing below the command line asks the system for it.
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace symbolon {

// A span of whole seconds.
struct Seconds {
  std::int64_t count = 0;
  auto operator<=>(const Seconds&) const = default;
};
constexpr Seconds operator*(Seconds s, std::int64_t n) { return {s.count * n}; }
constexpr Seconds operator+(Seconds a, Seconds b) { return {a.count + b.count}; }
constexpr Seconds operator-(Seconds a, Seconds b) { return {a.count - b.count}; }
inline constexpr Seconds kMinute{60};
inline constexpr Seconds kHour{3600};
inline constexpr Seconds kDay{86400};

// Seconds since 1970-01-01T00:00:00Z, without leap seconds.
struct UnixSeconds {
  std::int64_t count = 0;
  auto operator<=>(const UnixSeconds&) const = default;
};
constexpr UnixSeconds operator+(UnixSeconds t, Seconds s) { return {t.count + s.count}; }
constexpr UnixSeconds operator-(UnixSeconds t, Seconds s) { return {t.count - s.count}; }
constexpr Seconds operator-(UnixSeconds a, UnixSeconds b) { return {a.count - b.count}; }

class Clock {
 public:
  virtual ~Clock() = default;
  virtual UnixSeconds now() const = 0;
};

// The wall clock of the system. Thread-safe.
const Clock& system_clock();

// Stands still until it is set. Thread-safe.
class FixedClock final : public Clock {
 public:
  explicit FixedClock(UnixSeconds at) : at_(at) {}
  UnixSeconds now() const override { return at_; }
  void set(UnixSeconds at) { at_ = at; }

 private:
  std::atomic<UnixSeconds> at_;
};

// RFC 3339, always UTC: "2026-11-21T09:48:34Z".
std::string to_rfc3339(UnixSeconds time);
// RFC 3339 with any offset, or a bare date ("2026-11-21", midnight UTC), or "@1234567". Fails with bad_request.
Result<UnixSeconds> parse_time(std::string_view text);

// "90d", "12h", "15m", "30s", "1w", "2y" (365 days) and sums ("1h30m"). No sign, no bare number. Fails with
// bad_request.
Result<Seconds> parse_duration(std::string_view text);
// The shortest exact form that parse_duration reads: "90d".
std::string to_text(Seconds span);
// About, for people: "3 days", "2 hours", "1 minute". The sign is dropped.
std::string to_words(Seconds span);

}  // namespace symbolon
