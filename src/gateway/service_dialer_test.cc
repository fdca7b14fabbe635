#include "gateway/service_dialer.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <future>

#include "net/listener.h"

namespace symbolon::gateway {
namespace {

using namespace std::chrono_literals;

TEST(AvoidedAddresses, StandBehindTheOthersForAWhile) {
  const std::vector<net::Endpoint> all = {net::Endpoint::parse("a.example:1").value(),
                                          net::Endpoint::parse("b.example:1").value(),
                                          net::Endpoint::parse("c.example:1").value()};
  const AvoidedAddresses::Moment now{};
  AvoidedAddresses avoided;
  EXPECT_EQ(avoided.order(all, now), all);
  avoided.failed(all[0], now);
  EXPECT_EQ(avoided.order(all, now + 9s), (std::vector{all[1], all[2], all[0]}));
  EXPECT_EQ(avoided.order(all, now + 10s), all);
  avoided.failed(all[0], now);
  avoided.failed(all[1], now);
  EXPECT_EQ(avoided.order(all, now + 1s), (std::vector{all[2], all[0], all[1]}));
  avoided.worked(all[0]);
  EXPECT_EQ(avoided.order(all, now + 1s), (std::vector{all[0], all[2], all[1]}));
}

// Services by name, where nothing answers for the name "slow.example".
class Reaching : public testing::Test {
 protected:
  Reaching() {
    auto look_up = [silence = silence_.get_future().share()](const std::string& host, std::uint16_t) {
      if (host == "slow.example") silence.wait();
      return net::Resolver::Answer(fail(Code::name_not_found, "{}", host));
    };
    target_.resolver = std::make_shared<net::Resolver>(std::move(look_up));
    target_.avoided = std::make_shared<AvoidedAddresses>();
  }
  ~Reaching() override { silence_.set_value(); }

  Result<std::string> reach() {
    dialer_.emplace(target_, "", Bytes(), nullptr);
    std::optional<Result<std::string>> out;
    auto body = [&]() -> net::Task<void> {
      auto reached = co_await dialer_->reach();
      if (reached) {
        out = reached->address;
      } else {
        out = std::unexpected(reached.error());
      }
    };
    boost::asio::co_spawn(context_, body, [](std::exception_ptr) {});
    context_.run();
    return *out;
  }

  std::promise<void> silence_;
  boost::asio::io_context context_;
  ServiceTarget target_;
  std::optional<ServiceDialer> dialer_;
};

TEST_F(Reaching, ANameThatIsNotAnsweredTakesOnlyItsShareOfTheTime) {
  const auto sockets = net::listen(net::Endpoint::parse("127.0.0.1:0").value(), {});
  const net::Endpoint good = net::bound_to(sockets->front().get());
  target_.to = {net::Endpoint::parse("slow.example:1").value(), good};
  target_.timeout = 2s;
  const auto reached = reach();
  ASSERT_TRUE(reached) << reached.error().text();
  EXPECT_EQ(*reached, good.text());
  EXPECT_EQ(target_.avoided->order(target_.to, std::chrono::steady_clock::now()).front(), good);
}

TEST_F(Reaching, IsGivenUpWhileANameIsNotAnswered) {
  target_.to = {net::Endpoint::parse("slow.example:1").value()};
  target_.timeout = std::chrono::hours(1);
  boost::asio::post(context_, [&] { boost::asio::post(context_, [&] { dialer_->cancel(); }); });
  const auto reached = reach();
  ASSERT_FALSE(reached);
  EXPECT_EQ(reached.error().code, Code::cancelled);
}

}  // namespace
}  // namespace symbolon::gateway
