#include "gateway/service_dialer.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace symbolon::gateway
