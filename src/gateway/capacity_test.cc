#include "gateway/capacity.h"

#include <gtest/gtest.h>

namespace symbolon::gateway {
namespace {

TEST(Capacity, EachThreadAndEachAddressTakesDescriptorsFromConnections) {
  constexpr std::size_t kDescriptors = 10'000;
  const auto with = [&](const Reserve& reserve) { return most_connections(kDescriptors, reserve); };
  const auto one = with({.threads = 1, .addresses = 1});
  EXPECT_GT(one, 4900);
  // Every thread has its loop, and its socket of every address.
  EXPECT_LE(with({.threads = 64, .addresses = 1}), one - 63 * 2);
  EXPECT_LE(with({.threads = 64, .addresses = 10}), with({.threads = 64, .addresses = 1}) - 64 * 9);
  EXPECT_EQ(with({.threads = 1, .addresses = 1, .drainers = 1000}), one - 500);
}

TEST(Capacity, ConnectionsAndWhatElseIsOpenFitIntoTheLimit) {
  for (const std::size_t descriptors : {512U, 1024U, 65536U}) {
    const Reserve reserve{.threads = 8, .addresses = 4, .drainers = descriptors / 8};
    const auto connections = static_cast<std::size_t>(most_connections(descriptors, reserve));
    // What is there at least: an epoll descriptor a thread, two of each address there.
    EXPECT_LE(2 * connections + reserve.drainers + reserve.threads * (1 + 2 * reserve.addresses), descriptors);
  }
}

TEST(Capacity, SomeConnectionsAreTakenWhateverTheLimit) {
  EXPECT_GT(most_connections(0, {}), 0);
  EXPECT_GT(most_connections(100, {.threads = 1000, .addresses = 1000, .drainers = 1000}), 0);
}

}  // namespace
}  // namespace symbolon::gateway
