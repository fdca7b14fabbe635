// Threads for calls that block, and that cost little more for many questions than for one: what is asked while all of
// them are at it is answered together.
#pragma once

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"

namespace symbolon::http {

struct GatheringLimits {
  std::size_t threads = 1;
  std::size_t waiting = 1;   // questions that wait or are being answered; further ones fail with overloaded
  std::size_t together = 1;  // of them, in one call
  // Where the call before was for several, the next one waits for so many as go together, for so long: a call that
  // wakes other threads and processes costs them as much for one question as for all.
  std::chrono::microseconds linger{0};
};

// Thread-safe. The destructor waits until all that was asked is answered.
template <typename Question, typename Answer>
class GatheringPool {
 public:
  // Gets 1 to GatheringLimits::together questions and returns an answer for each, in their order. Does not throw.
  using Call = std::function<std::vector<Answer>(const std::vector<Question>& questions)>;

  GatheringPool(const GatheringLimits& limits, Call call) : limits_(limits), call_(std::move(call)) {
    for (std::size_t i = 0; i < limits.threads; ++i) threads_.emplace_back([this] { work(); });
  }
  ~GatheringPool() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    asked_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  GatheringPool(const GatheringPool&) = delete;
  GatheringPool& operator=(const GatheringPool&) = delete;

  // Comes back to the caller's executor with the answer. Fails with overloaded.
  boost::asio::awaitable<Result<Answer>> ask(Question question) {
    // Tracked: the context goes on running while the question waits.
    auto executor = boost::asio::prefer(co_await boost::asio::this_coro::executor,
                                        boost::asio::execution::outstanding_work.tracked);
    auto start = [this, executor, question = std::move(question)](auto handler) mutable {
      Done done = [executor, handler = std::move(handler)](Result<Answer> answer) mutable {
        boost::asio::post(executor, [handler = std::move(handler), answer = std::move(answer)]() mutable {
          std::move(handler)(std::move(answer));
        });
      };
      add(std::move(question), std::move(done));
    };
    co_return co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(Result<Answer>)>(
        std::move(start), boost::asio::use_awaitable);
  }

 private:
  using Done = std::move_only_function<void(Result<Answer>)>;
  struct Waiting {
    Question question;
    Done done;
  };

  void add(Question question, Done done) {
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      if (in_flight_ < limits_.waiting) {
        ++in_flight_;
        waiting_.push_back({std::move(question), std::move(done)});
        done = nullptr;
        wake = waiting_.size() == 1 || waiting_.size() >= limits_.together;  // else somebody is coming for it
      }
    }
    if (done) done(fail(Code::overloaded, "{} questions wait", limits_.waiting));
    if (wake) asked_.notify_one();
  }

  bool are_enough() const { return stopping_ || waiting_.size() >= limits_.together; }

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      asked_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (last_ > 1 && !are_enough()) {
        asked_.wait_for(lock, limits_.linger, [this] { return are_enough(); });
        if (waiting_.empty() && !stopping_) continue;  // another thread has them
      }
      if (waiting_.empty()) return;
      std::vector<Question> questions;
      std::vector<Done> all_done;
      while (!waiting_.empty() && questions.size() < limits_.together) {
        questions.push_back(std::move(waiting_.front().question));
        all_done.push_back(std::move(waiting_.front().done));
        waiting_.pop_front();
      }
      last_ = questions.size();
      const bool more = !waiting_.empty();
      lock.unlock();
      if (more) asked_.notify_one();
      std::vector<Answer> answers = call_(questions);
      ENSURE(answers.size() == questions.size());
      for (std::size_t i = 0; i < answers.size(); ++i) all_done[i](std::move(answers[i]));
      all_done.clear();
      lock.lock();
      in_flight_ -= questions.size();
    }
  }

  const GatheringLimits limits_;
  const Call call_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable asked_;
  std::deque<Waiting> waiting_;
  std::size_t in_flight_ = 0;
  std::size_t last_ = 0;  // questions of the call that began last
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace symbolon::http
