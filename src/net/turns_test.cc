#include "net/turns.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace symbolon::net {
namespace {

namespace asio = boost::asio;

TEST(Turns, ComeInOrderAndWhatIsReadyMeanwhileWaitsForOneStep) {
  asio::io_context context(1);
  Turns turns;
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  Socket established = adopt(context.get_executor(), ends[0]).value();
  std::vector<int> order;
  // Twenty steps wait; the second of them makes the established connection readable.
  auto step = [&](int number) -> Task<void> {
    co_await turns.take();
    order.push_back(number);
    if (number == 1) {
      EXPECT_EQ(::write(ends[1], "x", 1), 1);
    }
  };
  auto reader = [&]() -> Task<void> {
    boost::system::error_code error;
    co_await established.async_wait(Socket::wait_read, asio::redirect_error(asio::use_awaitable, error));
    order.push_back(100);
  };
  asio::co_spawn(context, reader, asio::detached);
  for (int number = 0; number < 20; ++number) asio::co_spawn(context, step(number), asio::detached);
  context.run();
  ::close(ends[1]);
  ASSERT_EQ(order.size(), 21U);
  const auto read = std::ranges::find(order, 100) - order.begin();
  EXPECT_LE(read, 4) << "it waited for " << read - 2 << " steps";
  order.erase(order.begin() + read);
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST(Turns, WhoWaitsWhenTheyEndIsDestroyed) {
  asio::io_context context(1);
  Turns turns;
  auto owned = std::make_shared<int>(1);
  bool began = false;
  auto waits = [&](std::shared_ptr<int> kept) -> Task<void> {
    began = true;
    co_await turns.take();
    *kept = 2;
  };
  asio::co_spawn(context, waits(owned), asio::detached);
  while (!began) context.run_one();  // it waits now, and its turn is posted
  turns.forget();
  context.run();
  EXPECT_EQ(owned.use_count(), 1);
  EXPECT_EQ(*owned, 1);
}

}  // namespace
}  // namespace symbolon::net
