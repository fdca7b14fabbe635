#include "contain/restarts.h"

#include <gtest/gtest.h>

namespace symbolon::contain {
namespace {

using std::chrono::milliseconds;

TEST(Restarts, PausesGrowToTheirBound) {
  Restarts restarts({.first = milliseconds(100), .longest = milliseconds(1000), .healthy = milliseconds(60'000)});
  const Instant start{};
  for (const int pause : {100, 200, 400, 800, 1000, 1000}) {
    EXPECT_EQ(restarts.after(start, start), start + milliseconds(pause));
  }
  EXPECT_EQ(restarts.count(), 6U);
}

TEST(Restarts, WhoRanLongStartsSoonAgain) {
  Restarts restarts({.first = milliseconds(100), .longest = milliseconds(1000), .healthy = milliseconds(60'000)});
  const Instant start{};
  for (int i = 0; i < 5; ++i) static_cast<void>(restarts.after(start, start));
  const Instant much_later = start + milliseconds(60'000);
  EXPECT_EQ(restarts.after(start, much_later), much_later + milliseconds(100));
}

}  // namespace
}  // namespace symbolon::contain
