#include "gateway/gathering.h"

#include <gtest/gtest.h>

namespace symbolon::gateway {
namespace {

using namespace std::chrono_literals;
using Take = std::function<void(ThreadReport)>;

ThreadReport report(std::uint64_t received) {
  ThreadReport out;
  out.counts.routes["web"].received = received;
  out.sightings.emplace_back();
  return out;
}

TEST(Gathering, AddsUpWhatThreadsSay) {
  std::vector<AskThread> threads;
  for (const std::uint64_t n : {1U, 2U}) threads.emplace_back([n](const Take& take) { take(report(n)); });
  Gathering gathering(std::move(threads));
  const Gathered gathered = gathering.gather();
  EXPECT_EQ(gathered.counts.routes.at("web").received, 3U);
  EXPECT_EQ(gathered.sightings.size(), 2U);
  EXPECT_EQ(gathered.threads, 2U);
  EXPECT_EQ(gathered.silent, 0U);
}

TEST(Gathering, ASilentThreadKeepsItsLastFiguresAndIsAskedOnce) {
  std::vector<Take> asked;
  bool silent = false;
  std::vector<AskThread> threads;
  threads.emplace_back([&](const Take& take) {
    if (!silent) return take(report(5));
    asked.push_back(take);
  });
  Gathering gathering(std::move(threads));
  EXPECT_EQ(gathering.gather().counts.routes.at("web").received, 5U);
  silent = true;
  for (int i = 0; i < 3; ++i) {
    const Gathered late = gathering.gather(1ms);
    EXPECT_EQ(late.silent, 1U);
    EXPECT_EQ(late.counts.routes.at("web").received, 5U) << "counters never go back";
  }
  ASSERT_EQ(asked.size(), 1U) << "nothing piles up at a thread that does not answer";
  asked.front()(report(7));
  silent = false;
  const Gathered again = gathering.gather();
  EXPECT_EQ(again.silent, 0U);
  EXPECT_EQ(again.sightings.size(), 2U) << "what came late is not lost";
}

TEST(Gathering, AnAnswerMayComeAfterItsEnd) {
  Take late;
  {
    std::vector<AskThread> threads;
    threads.emplace_back([&](const Take& take) { late = take; });
    Gathering gathering(std::move(threads));
    EXPECT_EQ(gathering.gather(1ms).silent, 1U);
  }
  late(report(1));
}

}  // namespace
}  // namespace symbolon::gateway
