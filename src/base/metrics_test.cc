#include "base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace symbolon {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(DurationBuckets, FallIntoTheBucketThatHoldsThem) {
  Durations durations;
  for (const std::chrono::nanoseconds one : {0ns, 244'140ns, 244'141ns, 16'000'000'000ns, 16'000'000'001ns, -5ns})
    durations.add(one);
  const auto histogram = durations.histogram();
  ASSERT_EQ(histogram.bucket.size(), Durations::kBuckets + 1);
  EXPECT_EQ(histogram.bucket[0].cumulative_count, 3U);  // 0, 244140 ns and what a clock set back made negative
  EXPECT_EQ(histogram.bucket[1].cumulative_count, 4U);
  EXPECT_EQ(histogram.bucket[16].upper_bound, 16.0);
  EXPECT_EQ(histogram.bucket[16].cumulative_count, 5U);
  EXPECT_EQ(histogram.bucket[17].cumulative_count, 6U);
  EXPECT_EQ(histogram.sample_count, 6U);
  EXPECT_NEAR(histogram.sample_sum, 32.000488, 1e-6);
}

TEST(DurationBuckets, OfSeveralThreadsAddUp) {
  Durations one;
  Durations other;
  one.add(1ms);
  other.add(100ms);
  one.add(other);
  EXPECT_EQ(one.count(), 2U);
  EXPECT_EQ(one.quantile(0.5), 1.0 / 512);
  EXPECT_EQ(one.quantile(1), 0.125);
}

TEST(DurationBuckets, HaveNoQuantileWhenThereAreNone) {
  EXPECT_EQ(Durations().quantile(0.99), 0);
  Durations endless;
  endless.add(1h);
  EXPECT_EQ(endless.quantile(0.5), std::numeric_limits<double>::infinity());
}

TEST(Exposition, GroupsSamplesByNameAndEscapesLabels) {
  Families families;
  families.counter("a_total", "What a is.", 1, {{"route", "we\"b\\\n"}});
  families.gauge("b", "What b is.", 0.25);
  families.counter("a_total", "What a is.", 9007199254740992.0, {{"route", "api"}});
  const std::string text = exposition(std::move(families).take());
  EXPECT_EQ(text,
            "# HELP a_total What a is.\n# TYPE a_total counter\n"
            "a_total{route=\"we\\\"b\\\\\\n\"} 1\na_total{route=\"api\"} 9007199254740992\n"
            "# HELP b What b is.\n# TYPE b gauge\nb 0.25\n");
}

TEST(Exposition, WritesBoundsExactly) {
  Families families;
  Durations durations;
  durations.add(1s);
  families.histogram("d_seconds", "How long.", durations);
  const std::string text = exposition(std::move(families).take());
  EXPECT_THAT(text, HasSubstr("d_seconds_bucket{le=\"0.000244140625\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("d_seconds_bucket{le=\"1\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("d_seconds_bucket{le=\"+Inf\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("d_seconds_sum 1\n"));
}

}  // namespace
}  // namespace symbolon
