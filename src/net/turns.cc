#include "net/turns.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace symbolon::net {

Task<void> Turns::take() {
  const Executor executor = co_await boost::asio::this_coro::executor;
  auto wait = [this, &executor](auto handler) {
    waiting_.emplace_back(std::move(handler));
    if (!std::exchange(running_, true)) boost::asio::post(executor, [this, executor] { next(executor); });
  };
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(wait, boost::asio::use_awaitable);
}

void Turns::next(const Executor& executor) {
  if (waiting_.empty()) return;  // forgotten
  auto turn = std::move(waiting_.front());
  waiting_.pop_front();
  // Behind what is ready now; before it runs, the context looks at its descriptors once more.
  running_ = !waiting_.empty();
  if (running_) boost::asio::post(executor, [this, executor] { next(executor); });
  turn();
}

}  // namespace symbolon::net
