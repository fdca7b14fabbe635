#include "base/clock.h"

#include <gtest/gtest.h>

namespace symbolon {
namespace {

TEST(Time, IsReadInEveryFormAndWrittenInOne) {
  for (const std::string_view text :
       {"2026-11-21T09:48:34Z", "2026-11-21T10:48:34+01:00", "2026-11-21 09:48:34.75z", "@1795254514"}) {
    const auto time = parse_time(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(to_rfc3339(*time), "2026-11-21T09:48:34Z") << text;
  }
  EXPECT_EQ(to_rfc3339(*parse_time("2026-11-21")), "2026-11-21T00:00:00Z");
  EXPECT_EQ(to_rfc3339(UnixSeconds{-1}), "1969-12-31T23:59:59Z");
}

TEST(Time, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"", "@", "@1x", "2026-13-01", "2026-02-30", "2026-11-21T24:00:00Z", "2026-11-21T09:48:34",
        "2026-11-21T09:48:34+0100", "2026-11-21T09:48:34.Z", "2026-11-21T09:48:34+25:00", "21.11.2026",
        "@999999999999999", "0000-01-01T00:00:00+01:00"}) {
    EXPECT_EQ(parse_time(text).error().code, Code::bad_request) << text;
  }
}

TEST(Durations, AreSumsOfNumberAndUnit) {
  EXPECT_EQ(parse_duration("90d")->count, 90 * 86400);
  EXPECT_EQ(parse_duration("1h30m")->count, 5400);
  EXPECT_EQ(parse_duration("2y")->count, 2 * 365 * 86400);
  EXPECT_EQ(to_text(Seconds{5400}), "1h30m");
  EXPECT_EQ(parse_duration(to_text(kDay * 90))->count, 90 * 86400);
  EXPECT_EQ(to_words(kDay * 3 + kHour), "3 days");
  EXPECT_EQ(to_words(Seconds{-1}), "1 second");
}

TEST(Durations, RefuseBareNumbersSignsAndOverflow) {
  for (const std::string_view text : {"", "90", "d", "-1d", "1.5h", "1d ", "99999999999999d", "60y60y"}) {
    EXPECT_EQ(parse_duration(text).error().code, Code::bad_request) << text;
  }
}

}  // namespace
}  // namespace symbolon
