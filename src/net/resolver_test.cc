#include "net/resolver.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "net/dial.h"

namespace symbolon::net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

Address loopback(std::uint16_t port) { return asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), port); }

// Names that begin with "slow" are answered when the gate opens. Shared: it outlives its Resolver, as it must.
class Lookups {
 public:
  Resolver::Answer operator()(const std::string& host, std::uint16_t port) {
    std::unique_lock lock(mutex_);
    ++begun_[host];
    changed_.notify_all();
    if (host.starts_with("slow")) changed_.wait(lock, [&] { return open_; });
    ++ended_;
    changed_.notify_all();
    if (host.ends_with("nowhere")) return fail(Code::name_not_found, "{}", host);
    return std::vector<Address>{loopback(port)};
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  int begun(const std::string& host) {
    const std::lock_guard lock(mutex_);
    return begun_[host];
  }
  void wait_begun(const std::string& host) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return begun_[host] > 0; });
  }
  void wait_ended(int many) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ >= many; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, int> begun_;
  int ended_ = 0;
  bool open_ = false;
};

class ResolverTest : public testing::Test {
 protected:
  ~ResolverTest() override { lookups_->open(); }

  std::unique_ptr<Resolver> resolver(const ResolverLimits& limits = {}) {
    return std::make_unique<Resolver>(
        [lookups = lookups_](const std::string& host, std::uint16_t port) { return (*lookups)(host, port); }, limits);
  }
  // Asks on `context`; what came is in the result once the context has run.
  std::shared_ptr<std::optional<Resolver::Answer>> ask(Resolver& resolver, const std::string& host,
                                                       std::chrono::milliseconds within = 60s) {
    auto out = std::make_shared<std::optional<Resolver::Answer>>();
    auto body = [this, &resolver, host, within, out]() -> Task<void> {
      asio::steady_timer timer(context_);
      timer_ = &timer;
      auto answer = co_await resolver.resolve(host, 443, timer, in(within));
      out->emplace(std::move(answer));
    };
    asio::co_spawn(context_, std::move(body), [](std::exception_ptr) {});
    return out;
  }
  Code run(Resolver& resolver, const std::string& host, std::chrono::milliseconds within = 60s) {
    const auto answer = ask(resolver, host, within);
    context_.restart();
    context_.run();
    return **answer ? Code::usage : (*answer)->error().code;
  }

  std::shared_ptr<Lookups> lookups_ = std::make_shared<Lookups>();
  asio::io_context context_;
  asio::steady_timer* timer_ = nullptr;  // of whoever asked last
};

TEST_F(ResolverTest, GivesTheAddressesAndRemembersThemForAWhile) {
  const auto names = resolver();
  const auto answer = ask(*names, "web");
  context_.run();
  ASSERT_TRUE(**answer);
  EXPECT_EQ((**answer)->front(), loopback(443));
  EXPECT_EQ(run(*names, "web"), Code::usage);
  EXPECT_EQ(run(*names, "nowhere"), Code::name_not_found);
  EXPECT_EQ(run(*names, "nowhere"), Code::name_not_found);
  EXPECT_EQ(lookups_->begun("web"), 1);
  EXPECT_EQ(lookups_->begun("nowhere"), 1);
  const auto forgetful = resolver({.kept = 0s, .failure_kept = 0s});
  for (int i = 0; i < 3; ++i) run(*forgetful, "web");
  EXPECT_EQ(lookups_->begun("web"), 4);
}

TEST_F(ResolverTest, ANameThatIsNotAnsweredEndsAtTheDeadlineAndHoldsUpNoOther) {
  auto names = resolver();
  EXPECT_EQ(run(*names, "slow", 20ms), Code::connection_timeout);
  EXPECT_EQ(run(*names, "web"), Code::usage);
  names.reset();  // does not wait for the look-up that still runs
  lookups_->open();
  lookups_->wait_ended(2);
}

TEST_F(ResolverTest, ManyWhoAskForTheSameNameShareOneLookUp) {
  const auto names = resolver();
  std::vector<std::shared_ptr<std::optional<Resolver::Answer>>> answers;
  for (int i = 0; i < 100; ++i) answers.push_back(ask(*names, "slow"));
  std::thread opener([&] {
    lookups_->wait_begun("slow");
    lookups_->open();
  });
  context_.run();
  opener.join();
  for (const auto& answer : answers) EXPECT_TRUE(**answer);
  EXPECT_EQ(lookups_->begun("slow"), 1);
}

TEST_F(ResolverTest, TheWaitCanBeCancelled) {
  const auto names = resolver();
  const auto answer = ask(*names, "slow");
  asio::post(context_, [this] { timer_->cancel(); });
  context_.run();
  EXPECT_EQ((*answer)->error().code, Code::cancelled);
}

TEST_F(ResolverTest, NamesAndThreadsAreBounded) {
  const auto names = resolver({.threads = 1, .names = 2});
  EXPECT_EQ(run(*names, "slow", 20ms), Code::connection_timeout);
  EXPECT_EQ(run(*names, "web", 20ms), Code::connection_timeout) << "the one thread is taken";
  EXPECT_EQ(run(*names, "third", 20ms), Code::overloaded);
  EXPECT_EQ(lookups_->begun("web"), 0);
  lookups_->open();
  lookups_->wait_ended(1);
  while (run(*names, "third") == Code::overloaded) std::this_thread::yield();  // "web" is dropped: nobody waits for it
  EXPECT_EQ(lookups_->begun("web"), 0);
}

TEST_F(ResolverTest, AnAnswerForAContextThatIsGoneGoesNowhere) {
  const auto names = resolver();
  {
    asio::io_context other;
    auto body = [&]() -> Task<void> {
      asio::steady_timer timer(other);
      static_cast<void>(co_await names->resolve("slow", 443, timer, in(60s)));
    };
    asio::co_spawn(other, body, [](std::exception_ptr) {});
    other.poll();
    lookups_->wait_begun("slow");
  }
  lookups_->open();
  EXPECT_EQ(run(*names, "slow"), Code::usage);
  EXPECT_EQ(lookups_->begun("slow"), 1);
}

TEST_F(ResolverTest, TheSystemKnowsThisMachine) { EXPECT_EQ(run(*Resolver::of_system(), "localhost"), Code::usage); }

}  // namespace
}  // namespace symbolon::net
