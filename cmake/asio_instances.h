// What nearly every unit with Asio instantiates: with it in the precompiled header, each finds it done.
#pragma once

#include <boost/asio.hpp>

namespace symbolon::precompiled {

inline boost::asio::awaitable<void> waits(boost::asio::steady_timer& timer) {
  co_await timer.async_wait(boost::asio::use_awaitable);
}

inline void instances(boost::asio::io_context& context) {
  boost::asio::any_io_executor executor(context.get_executor());
  executor = boost::asio::any_io_executor(boost::asio::make_strand(context.get_executor()));
  boost::asio::steady_timer timer(executor);
  boost::asio::co_spawn(executor, waits(timer), boost::asio::detached);
  boost::asio::co_spawn(context, waits(timer), boost::asio::detached);
  boost::asio::post(executor, [] {});
}

}  // namespace symbolon::precompiled
