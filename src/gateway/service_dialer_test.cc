#include "gateway/service_dialer.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <tuple>

#include "net/listener.h"
#include "x509/testing/forge.h"

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
    auto look_up = [this, silence = silence_.get_future().share()](const std::string& host, std::uint16_t) {
      if (host == "slow.example") silence.wait();
      if (host == "two.example") return net::Resolver::Answer(two_);
      return net::Resolver::Answer(fail(Code::name_not_found, "{}", host));
    };
    target_.resolver = std::make_shared<net::Resolver>(std::move(look_up));
    target_.avoided = std::make_shared<AvoidedAddresses>();
  }
  ~Reaching() override { silence_.set_value(); }

  Result<std::string> reach(const std::string& client_alpn = "") {
    dialer_.emplace(target_, client_alpn, Bytes(), std::make_shared<net::DrainRoom>(net::DrainLimits{}));
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
  std::vector<net::Address> two_;  // of the name "two.example"
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

net::Address loopback(std::uint16_t port) {
  return boost::asio::ip::tcp::endpoint(boost::asio::ip::address_v4::loopback(), port);
}

// Nothing listens at the first address of its name; the second refuses the handshake, perhaps for what the client
// speaks.
TEST_F(Reaching, AnAddressIsNotAvoidedForWhatOneClientWants) {
  auto closed = net::listen(net::Endpoint::parse("127.0.0.1:0").value(), {});
  const std::uint16_t nobody = net::bound_to(closed->front().get()).port;
  closed->clear();
  auto sockets = net::listen(net::Endpoint::parse("127.0.0.1:0").value(), {});
  two_ = {loopback(nobody), loopback(net::bound_to(sockets->front().get()).port)};
  net::Listener listener(context_.get_executor(), std::move(sockets->front()));
  const auto hang_up = [&]() -> net::Task<void> { std::ignore = co_await listener.accept(); };
  tls::ClientOptions options;
  options.servers.trust = std::make_shared<const x509::TrustBundle>(
      x509::TrustBundle::make({x509::testing::forge().ca("dialer-root", "Dialer Root")}, system_clock().now(), "test")
          .value());
  options.servers.clock = &system_clock();
  target_.tls = tls::ClientContext::make(std::move(options)).value();
  target_.to = {net::Endpoint::parse("two.example:1").value()};
  target_.timeout = 20s;
  const std::vector<net::Endpoint> both = {target_.to.front(), net::Endpoint::parse("other.example:1").value()};
  for (const std::string spoken : {"h2", ""}) {
    context_.restart();
    boost::asio::co_spawn(context_, hang_up, boost::asio::detached);
    ASSERT_FALSE(reach(spoken));
    EXPECT_EQ(target_.avoided->order(both, std::chrono::steady_clock::now()) == both, !spoken.empty()) << spoken;
  }
}

}  // namespace
}  // namespace symbolon::gateway
