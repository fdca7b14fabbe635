#include "gateway/limits.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace symbolon::gateway {
namespace {

using namespace std::chrono_literals;
using Place = LimitCounts::Place;

const Moment kNow = Moment{} + 1000h;
const SourceKey kA = source_key("192.0.2.1");
const SourceKey kB = source_key("192.0.2.2");

Code outcome(const Result<Place>& place) { return place ? Code::connection_ended : place.error().code; }

TEST(SourceKey, IsTheAddressOrThePrefixThatOneHostHolds) {
  EXPECT_EQ(source_key("2001:db8::1"), source_key("2001:db8::ffff:1"));
  EXPECT_NE(source_key("2001:db8::1"), source_key("2001:db8:0:1::1"));
  EXPECT_NE(kA, kB);
  EXPECT_FALSE(is_address(source_key("unix")));
  EXPECT_TRUE(is_address(kA));
}

TEST(Rate, LetsASecondsWorthInAtOnceAndThenEvenly) {
  const Rate rate{10};
  FullAt full_at = 0;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(rate.take(full_at, kNow)) << i;
  EXPECT_FALSE(rate.take(full_at, kNow));
  EXPECT_FALSE(rate.take(full_at, kNow + 99ms));
  EXPECT_TRUE(rate.take(full_at, kNow + 100ms));
  EXPECT_FALSE(rate.take(full_at, kNow + 100ms));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(rate.take(full_at, kNow + 10s)) << i;
  EXPECT_FALSE(rate.take(full_at, kNow + 10s));
}

TEST(Limits, ConnectionsInAll) {
  LimitCounts counts({.connections = 2});
  auto first = counts.enter(kA, kNow);
  const auto second = counts.enter(kB, kNow);
  EXPECT_EQ(outcome(counts.enter(kA, kNow)), Code::connection_limit);
  EXPECT_EQ(counts.connections(), 2U);
  *first = Place();
  EXPECT_EQ(counts.connections(), 1U);
  EXPECT_TRUE(counts.enter(kA, kNow).has_value());
}

TEST(Limits, HandshakesInAllEndWithTheHandshakeOrTheConnection) {
  LimitCounts counts({.handshakes = 1});
  auto first = counts.enter(kA, kNow);
  EXPECT_EQ(outcome(counts.enter(kB, kNow)), Code::handshake_limit);
  EXPECT_EQ(counts.connections(), 1U);
  first->established();
  first->established();  // once
  EXPECT_EQ(counts.handshakes(), 0U);
  auto second = counts.enter(kB, kNow);
  EXPECT_TRUE(second.has_value());
  *second = Place();
  EXPECT_TRUE(counts.enter(kB, kNow).has_value());
  EXPECT_EQ(counts.handshakes(), 0U);
}

TEST(Limits, RateInAll) {
  LimitCounts counts({.handshake_rate = 2});
  EXPECT_TRUE(counts.enter(kA, kNow).has_value());
  EXPECT_TRUE(counts.enter(kB, kNow).has_value());
  EXPECT_EQ(outcome(counts.enter(kA, kNow)), Code::handshake_rate_limit);
  EXPECT_EQ(counts.connections(), 0U);
  EXPECT_EQ(counts.handshakes(), 0U);
  EXPECT_TRUE(counts.enter(kA, kNow + 500ms).has_value());
}

TEST(Limits, OfOneSourceLeaveTheOthersAlone) {
  LimitCounts counts({.connections_per_source = 2, .handshakes_per_source = 1});
  auto first = counts.enter(kA, kNow);
  EXPECT_EQ(outcome(counts.enter(kA, kNow)), Code::source_handshake_limit);
  first->established();
  auto second = counts.enter(kA, kNow);
  second->established();
  EXPECT_EQ(outcome(counts.enter(kA, kNow)), Code::source_connection_limit);
  EXPECT_TRUE(counts.enter(kB, kNow).has_value());
  *first = Place();
  EXPECT_TRUE(counts.enter(kA, kNow).has_value());
}

// Else one source could use up what all have.
TEST(Limits, WhoIsBeyondItsOwnRateTakesNothingFromTheRateOfAll) {
  LimitCounts counts({.handshake_rate = 3, .handshake_rate_per_source = 1});
  EXPECT_TRUE(counts.enter(kA, kNow).has_value());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(outcome(counts.enter(kA, kNow)), Code::source_handshake_rate_limit);
  EXPECT_TRUE(counts.enter(kB, kNow).has_value());
  EXPECT_TRUE(counts.enter(source_key("192.0.2.3"), kNow).has_value());
  EXPECT_EQ(outcome(counts.enter(source_key("192.0.2.4"), kNow)), Code::handshake_rate_limit);
}

TEST(Limits, ASourceThatABeforeStandingProxyNamesIsCountedFromThenOn) {
  LimitCounts counts({.connections = 9, .connections_per_source = 1});
  auto first = counts.enter(SourceKey{}, kNow);
  EXPECT_TRUE(first->of_source(kA, kNow).has_value());
  auto second = counts.enter(SourceKey{}, kNow);
  const auto refused = second->of_source(kA, kNow);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::source_connection_limit);
  *first = Place();
  EXPECT_TRUE(second->of_source(kA, kNow).has_value());
}

TEST(Limits, NewOnesHoldForWhatComes) {
  LimitCounts counts({.connections = 2});
  const auto first = counts.enter(kA, kNow);
  const auto second = counts.enter(kA, kNow);
  counts.replace({.connections = 1});
  EXPECT_EQ(counts.connections(), 2U);
  EXPECT_EQ(outcome(counts.enter(kA, kNow)), Code::connection_limit);
  counts.replace({});
  EXPECT_TRUE(counts.enter(kA, kNow).has_value());
}

// Every source is forgotten once it has no connection and its rate is full; while rates are not, so many at most.
TEST(Limits, SourcesAreForgotten) {
  LimitCounts counts({.connections_per_source = 1, .handshake_rate_per_source = 1});
  const auto number = [](std::size_t i) {
    SourceKey key = source_key("2001:db8::");
    for (std::size_t octet = 0; octet < 4; ++octet) key[4 + octet] = static_cast<std::uint8_t>(i >> (8 * octet));
    return key;
  };
  const Moment long_ago{};  // when the machine started: its clock has no time before
  for (std::size_t i = 0; i < 1000; ++i) EXPECT_TRUE(counts.enter(number(i), long_ago).has_value());
  EXPECT_LE(counts.sources(), 16U);
  const Moment later = Moment::clock::now() + 1h;
  for (std::size_t i = 0; i < 2 * LimitCounts::kIdleSources; ++i)
    EXPECT_TRUE(counts.enter(number(i), later).has_value());
  EXPECT_LE(counts.sources(), LimitCounts::kIdleSources + 16);
}

TEST(Limits, CountRightFromSeveralThreads) {
  LimitCounts counts({.connections = 3, .connections_per_source = 2, .handshakes = 3, .handshakes_per_source = 2});
  std::atomic<int> most{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2000; ++i) {
        auto place = counts.enter(t % 2 == 0 ? kA : kB, kNow);
        if (!place) continue;
        place->established();
        most = std::max<int>(most, static_cast<int>(counts.handshakes()));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LE(most, 3 + 4);  // each thread may be about to take its one back
  EXPECT_EQ(counts.connections(), 0U);
  EXPECT_EQ(counts.handshakes(), 0U);
}

}  // namespace
}  // namespace symbolon::gateway
