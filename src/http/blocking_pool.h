// Threads for calls that block (a commit, a signature), so that threads with I/O never do.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <type_traits>
#include <utility>

#include "base/error.h"

namespace symbolon::http {

// Thread-safe. The destructor waits for the calls that run.
class BlockingPool {
 public:
  // At most `waiting` calls run or wait; further ones fail with overloaded.
  BlockingPool(std::size_t threads, std::size_t waiting) : pool_(threads), most_(waiting) {}
  ~BlockingPool() { pool_.join(); }
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  // Runs `call` (which does not throw) on a thread of the pool; nobody waits for it. Fails with overloaded.
  template <typename F>
  Status start(F call) {
    if (in_flight_.fetch_add(1) >= most_) {
      in_flight_.fetch_sub(1);
      return fail(Code::overloaded, "{} calls run or wait", most_);
    }
    boost::asio::post(pool_, [this, call = std::move(call)]() mutable {
      call();
      in_flight_.fetch_sub(1);
    });
    return {};
  }

  // Runs `call` (which returns a Result<T> and does not throw) on a thread of the pool and comes back to the caller's
  // executor with its result.
  template <typename F>
  boost::asio::awaitable<std::invoke_result_t<F>> run(F call) {
    using Answer = std::invoke_result_t<F>;
    if (in_flight_.fetch_add(1) >= most_) {
      in_flight_.fetch_sub(1);
      co_return Answer(fail(Code::overloaded, "{} calls run or wait", most_));
    }
    // Tracked: the context goes on running while the call does.
    auto executor = boost::asio::prefer(co_await boost::asio::this_coro::executor,
                                        boost::asio::execution::outstanding_work.tracked);
    auto start = [this, executor, call = std::move(call)](auto handler) mutable {
      boost::asio::post(pool_, [this, executor, call = std::move(call), handler = std::move(handler)]() mutable {
        Answer answer = call();
        in_flight_.fetch_sub(1);
        boost::asio::post(executor, [handler = std::move(handler), answer = std::move(answer)]() mutable {
          std::move(handler)(std::move(answer));
        });
      });
    };
    co_return co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(Answer)>(
        std::move(start), boost::asio::use_awaitable);
  }

 private:
  boost::asio::thread_pool pool_;
  std::size_t most_;
  std::atomic<std::size_t> in_flight_{0};
};

}  // namespace symbolon::http
