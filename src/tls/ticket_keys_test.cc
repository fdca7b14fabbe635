#include "tls/ticket_keys.h"

#include <gtest/gtest.h>

#include <set>

namespace symbolon::tls {
namespace {

using Name = std::array<std::uint8_t, 16>;

class Ring : public ::testing::Test {
 protected:
  Name sealed() {
    Name out{};
    EXPECT_TRUE(keys.seal([&](const TicketKey& key) {
      out = key.name;
      return true;
    }));
    return out;
  }
  bool opens(const Name& name) {
    return keys.open(name, [](const TicketKey&) { return true; });
  }

  FixedClock clock{UnixSeconds{1'800'000'000}};
  TicketKeys keys{clock};
};

TEST_F(Ring, IsRandomAndOpensWhatItSealed) {
  const Name name = sealed();
  EXPECT_TRUE(opens(name));
  EXPECT_EQ(sealed(), name);
  TicketKeys other(clock);
  EXPECT_FALSE(other.open(name, [](const TicketKey&) { return true; }));
  std::set<std::array<std::uint8_t, 32>> seen;
  keys.seal([&](const TicketKey& key) {
    return seen.insert(key.encryption).second && seen.insert(key.authentication).second;
  });
  other.seal([&](const TicketKey& key) {
    return seen.insert(key.encryption).second && seen.insert(key.authentication).second;
  });
  EXPECT_EQ(seen.size(), 4U);
}

TEST_F(Ring, SealsWithAKeyForSixHoursAndOpensWithItForTwelve) {
  const UnixSeconds begin = clock.now();
  const Name first = sealed();
  clock.set(begin + TicketKeys::kPeriod - Seconds{1});
  EXPECT_EQ(sealed(), first);
  clock.set(begin + TicketKeys::kPeriod);
  const Name second = sealed();
  EXPECT_NE(second, first);
  EXPECT_TRUE(opens(first) && opens(second));
  clock.set(begin + TicketKeys::kLongest - Seconds{1});
  EXPECT_TRUE(opens(first));
  clock.set(begin + TicketKeys::kLongest);
  EXPECT_FALSE(opens(first));
  EXPECT_TRUE(opens(second));
}

TEST_F(Ring, KeepsAFewKeysAtMostAndDropsThemWithoutBeingAsked) {
  for (int i = 0; i < 10; ++i) {
    sealed();
    EXPECT_LE(keys.size(), 2U);
    clock.set(clock.now() + TicketKeys::kPeriod);
  }
  clock.set(clock.now() + TicketKeys::kLongest);
  keys.drop_old();
  EXPECT_EQ(keys.size(), 0U);
}

TEST_F(Ring, ForgetsEverythingWhereTheClockWentBack) {
  const Name name = sealed();
  clock.set(clock.now() - Seconds{1});
  EXPECT_FALSE(opens(name));
  EXPECT_NE(sealed(), name);
}

TEST_F(Ring, ThatIsRenewedOpensNothingOfBefore) {
  const Name name = sealed();
  keys.renew();
  EXPECT_FALSE(opens(name));
  const Name next = sealed();
  EXPECT_NE(next, name);
  EXPECT_TRUE(opens(next));
}

TEST_F(Ring, ThatIsClosedSealsForNobody) {
  const Name name = sealed();
  keys.close();
  EXPECT_FALSE(opens(name));
  EXPECT_FALSE(opens(sealed()));
  EXPECT_NE(sealed(), sealed());
  EXPECT_EQ(keys.size(), 0U);
}

TEST_F(Ring, AnswersAsItsUserDoes) {
  const Name name = sealed();
  EXPECT_FALSE(keys.seal([](const TicketKey&) { return false; }));
  EXPECT_FALSE(keys.open(name, [](const TicketKey&) { return false; }));
}

}  // namespace
}  // namespace symbolon::tls
