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

  // What the authority gives to a gateway that asks it now.
  std::vector<SharedTicketKey> given() {
    std::vector<SharedTicketKey> out;
    authority.give([&](const TicketKey& key, Seconds age) {
      out.emplace_back().key = key;
      out.back().age = age;
    });
    return out;
  }
  void ask() { keys.take(given(), clock.now()); }

  FixedClock clock{UnixSeconds{1'800'000'000}};
  TicketKeys keys{clock};
  TicketKeys authority{clock};
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

TEST_F(Ring, SealsWithASharedKeyInPlaceOfItsOwnWhichStillOpens) {
  const Name own = sealed();
  ask();
  const Name shared = sealed();
  EXPECT_NE(shared, own);
  EXPECT_TRUE(opens(own) && opens(shared));
  TicketKeys other(clock);
  other.take(given(), clock.now());
  EXPECT_TRUE(other.open(shared, [](const TicketKey&) { return true; }));
}

TEST_F(Ring, HasTheNextSharedKeyBeforeAnybodySealsWithIt) {
  const UnixSeconds begin = clock.now();
  ask();
  const Name first = sealed();
  clock.set(begin + TicketKeys::kPeriod - TicketKeys::kLead - Seconds{1});
  EXPECT_EQ(given().size(), 1U);
  clock.set(begin + TicketKeys::kPeriod - TicketKeys::kLead);
  EXPECT_EQ(given().size(), 2U);
  ask();
  EXPECT_EQ(sealed(), first);
  clock.set(begin + TicketKeys::kPeriod - Seconds{2});  // a gateway takes it for a second older than it is
  EXPECT_EQ(sealed(), first);
  clock.set(begin + TicketKeys::kPeriod);
  EXPECT_NE(sealed(), first);
  EXPECT_TRUE(opens(first));
}

TEST_F(Ring, KeepsNoSharedKeyForLongerThanItsTimeHoweverOftenItIsTold) {
  const UnixSeconds begin = clock.now();
  ask();
  const Name first = sealed();
  auto old = given();
  clock.set(begin + Seconds{3600});
  keys.take(old, clock.now());  // an answer that lies about its age: what is known grows no younger
  clock.set(begin + TicketKeys::kLongest - Seconds{2});
  EXPECT_TRUE(opens(first));
  clock.set(begin + TicketKeys::kLongest - Seconds{1});
  EXPECT_FALSE(opens(first));
  old.front().age = TicketKeys::kLongest;
  keys.take(old, clock.now());
  EXPECT_FALSE(opens(first));
}

TEST_F(Ring, MakesItsOwnKeysWhereSharedOnesAreTooOldToSeal) {
  const UnixSeconds begin = clock.now();
  ask();
  const Name shared = sealed();
  clock.set(begin + TicketKeys::kPeriod - Seconds{1});
  const Name own = sealed();
  EXPECT_NE(own, shared);
  EXPECT_TRUE(opens(shared) && opens(own));
}

TEST_F(Ring, ThatIsRenewedTakesNoSharedKeyOfBefore) {
  ask();
  const Name before = sealed();
  clock.set(clock.now() + Seconds{60});
  keys.renew();
  ask();
  EXPECT_FALSE(opens(before));
  EXPECT_NE(sealed(), before);
  authority.forget();
  clock.set(clock.now() + Seconds{60});
  ask();
  const Name after = sealed();
  EXPECT_TRUE(authority.open(after, [](const TicketKey&) { return true; }));
}

TEST_F(Ring, ThatForgetsTakesWhatIsHandedOutNext) {
  ask();
  const Name before = sealed();
  authority.forget();
  keys.forget();
  EXPECT_FALSE(opens(before));
  ask();
  EXPECT_TRUE(authority.open(sealed(), [](const TicketKey&) { return true; }));
}

TEST_F(Ring, ThatIsClosedTakesNothing) {
  keys.close();
  ask();
  EXPECT_EQ(keys.size(), 0U);
}

TEST_F(Ring, HandsOutAFewKeysAtMost) {
  for (int i = 0; i < 40; ++i) {
    EXPECT_LE(given().size(), 3U);
    ask();
    EXPECT_LE(keys.size(), 6U);
    sealed();
    clock.set(clock.now() + Seconds{3000});
  }
}

TEST_F(Ring, AnswersAsItsUserDoes) {
  const Name name = sealed();
  EXPECT_FALSE(keys.seal([](const TicketKey&) { return false; }));
  EXPECT_FALSE(keys.open(name, [](const TicketKey&) { return false; }));
}

}  // namespace
}  // namespace symbolon::tls
