// Calls that block, away from the threads of the I/O.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <latch>

#include "http/blocking_pool.h"
#include "http/gathering_pool.h"
#include "http/server_fixture.h"

namespace symbolon::http {
namespace {

using namespace std::chrono_literals;

TEST(BlockingPool, RefusesWhatIsBeyondItsBound) {
  RunningContext context;
  std::latch released(1);
  BlockingPool pool(1, 1);
  ASSERT_TRUE(pool.start([&] { released.wait(); }));
  auto call = []() -> Result<int> { return 1; };
  const auto refused = boost::asio::co_spawn(context.get(), pool.run(std::move(call)), boost::asio::use_future).get();
  released.count_down();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::overloaded);
}

TEST(GatheringPool, AnswersTogetherWhatIsAskedMeanwhile) {
  using Pool = GatheringPool<int, int>;
  std::mutex mutex;
  std::vector<std::size_t> sizes;
  std::latch busy(1);
  std::latch released(1);
  const auto answer = [&](const std::vector<int>& questions) {
    {
      const std::lock_guard lock(mutex);
      sizes.push_back(questions.size());
    }
    if (questions.front() == 0) {
      busy.count_down();
      released.wait();
    }
    std::vector<int> out;
    for (const int question : questions) out.push_back(question * 2);
    return out;
  };
  RunningContext context;
  std::vector<std::future<Result<int>>> asked;
  {
    Pool pool({.threads = 1, .waiting = 6, .together = 3}, answer);
    const auto ask = [&](int question) {
      asked.push_back(boost::asio::co_spawn(context.get(), pool.ask(question), boost::asio::use_future));
    };
    ask(0);
    busy.wait();
    for (int i = 1; i <= 6; ++i) ask(i);
    EXPECT_EQ(asked.back().get().error().code, Code::overloaded);
    asked.pop_back();
    released.count_down();
  }
  for (int i = 0; i < 6; ++i) EXPECT_EQ(asked[static_cast<std::size_t>(i)].get().value(), i * 2);
  EXPECT_EQ(sizes, (std::vector<std::size_t>{1, 3, 2}));
}

TEST(GatheringPool, LingersForMoreWhereSeveralCameBefore) {
  std::latch busy(1);
  std::latch released(1);
  std::vector<std::size_t> sizes;  // by the pool's one thread
  const auto answer = [&](const std::vector<int>& questions) {
    sizes.push_back(questions.size());
    if (questions.front() == 0) {
      busy.count_down();
      released.wait();
    }
    return questions;
  };
  RunningContext context;
  std::future<Result<int>> last;
  {
    GatheringPool<int, int> pool({.threads = 1, .waiting = 9, .together = 3, .linger = 1h}, answer);
    const auto ask = [&](int question) {
      return boost::asio::co_spawn(context.get(), pool.ask(question), boost::asio::use_future);
    };
    const auto all_are_asked = [&] { boost::asio::post(context.get(), boost::asio::use_future).get(); };
    auto alone = ask(0);
    busy.wait();
    auto one = ask(1);
    ask(2);
    all_are_asked();
    released.count_down();
    EXPECT_EQ(one.get().value(), 1);
    auto early = ask(3);
    ask(4);
    ask(5);
    EXPECT_EQ(early.get().value(), 3) << "enough have come";
    last = ask(6);
    all_are_asked();
  }
  EXPECT_EQ(last.get().value(), 6) << "at the end nothing lingers";
  EXPECT_EQ(sizes, (std::vector<std::size_t>{1, 2, 3, 1}));
}

}  // namespace
}  // namespace symbolon::http
