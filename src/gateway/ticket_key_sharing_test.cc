// Two gateways' domains and an authority's keys, without the network between them.
#include "gateway/ticket_key_sharing.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "gateway/snapshot.h"
#include "gateway/testing/running_gateway.h"
#include "tls/ticket_keys.h"

namespace symbolon::gateway {
namespace {

using testing::pki;
using tls::TicketKey;
using tls::TicketKeys;
using Wish = TicketKeySharing::Wish;

constexpr SharingTimes kQuick{.first_retry = std::chrono::milliseconds(5),
                              .longest_retry = std::chrono::milliseconds(20),
                              .least = std::chrono::milliseconds(5),
                              .longest = std::chrono::milliseconds(20),
                              .spread = std::chrono::milliseconds(5)};

bool soon(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition() && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return condition();
}

// What answers in the authority's place: one domain's keys, of one generation.
class Hands {
 public:
  explicit Hands(const Clock& clock) : keys_(clock) {}

  Result<api::TicketKeysAnswer> give(const api::TicketKeysRequest& request) {
    const std::lock_guard lock(mutex_);
    ++questions;
    if (away) return fail(Code::authority_unreachable, "nobody is there");
    api::TicketKeysAnswer out{.generation = generation_, .domains = {}};
    for (const std::string& name : request.domains) {
      api::TicketDomain& domain = out.domains.emplace_back();
      domain.name = name;
      keys_.give([&](const TicketKey& key, Seconds age) {
        const std::size_t size = sizeof(key) - (cut ? 1 : 0);
        domain.keys.emplace_back().key = Secret(to_base64({reinterpret_cast<const std::uint8_t*>(&key), size}));
        domain.keys.back().age = age;
      });
    }
    return out;
  }
  void replace(const std::string& generation) {
    const std::lock_guard lock(mutex_);
    keys_.forget();
    generation_ = generation;
  }
  bool has(ByteView name) {
    return keys_.open(name, [](const TicketKey&) { return true; });
  }

  std::atomic<bool> away{false};
  std::atomic<bool> cut{false};
  std::atomic<int> questions{0};

 private:
  std::mutex mutex_;
  TicketKeys keys_;
  std::string generation_ = "one";
};

// A gateway whose one route has tickets.
class Side {
 public:
  Side(const Clock& clock, Hands& hands)
      : domains_(clock),
        sharing(domains_, clock, [&hands](const auto& request) { return hands.give(request); }, kQuick) {
    config_.session_tickets = true;
    config_.clients.emplace();
    Materials materials;
    RouteMaterial& route = materials.routes.emplace_back();
    route.config = &config_;
    route.clients.trust = std::make_shared<const x509::TrustBundle>(
        x509::TrustBundle::make({pki().read("root")}, system_clock().now(), "root").value());
    domains_.keep(domains_.assign(materials));
    tickets_ = route.tickets;
  }
  Bytes seals() {
    Bytes out;
    tickets_->keys().seal([&](const TicketKey& key) {
      out = to_bytes(key.name);
      return true;
    });
    return out;
  }
  bool opens(const Bytes& name) {
    return tickets_->keys().open(name, [](const TicketKey&) { return true; });
  }
  void begin(const std::string& generation) {
    sharing.domains_are(Wish::share);
    sharing.generation_is(generation);
  }

 private:
  RouteConfig config_;
  TicketDomains domains_;
  std::shared_ptr<tls::SessionTickets> tickets_;

 public:
  TicketKeySharing sharing;
};

class Sharing : public ::testing::Test {
 protected:
  // It seals with a key that the authority has given.
  bool shares(Side& side) {
    return soon([&] { return hands.has(side.seals()); });
  }

  FixedClock clock{system_clock().now()};
  Hands hands{clock};
  Side one{clock, hands};
  Side other{clock, hands};
};

TEST_F(Sharing, GivesBothTheSameKeysAndLetsTheirOwnOpen) {
  const Bytes own = one.seals();
  one.begin("one");
  other.begin("one");
  EXPECT_TRUE(shares(one) && shares(other));
  EXPECT_EQ(one.seals(), other.seals());
  EXPECT_TRUE(one.opens(own));
  EXPECT_FALSE(other.opens(own));
  EXPECT_FALSE(one.sharing.warning());
}

TEST_F(Sharing, TakesNothingBeforeTheFeedHasSaidWhichGenerationCounts) {
  one.sharing.domains_are(Wish::share);
  other.begin("one");
  ASSERT_TRUE(shares(other));
  EXPECT_FALSE(hands.has(one.seals()));
  EXPECT_TRUE(one.sharing.warning());
  one.sharing.generation_is("another");
  const int then = hands.questions;
  EXPECT_TRUE(soon([&] { return hands.questions > then + 3; }));
  EXPECT_FALSE(hands.has(one.seals()));
}

TEST_F(Sharing, WipesEveryKeyOnceTheGenerationIsAnother) {
  const Bytes own = one.seals();
  one.begin("one");
  ASSERT_TRUE(shares(one));
  const Bytes shared = one.seals();
  hands.away = true;
  one.sharing.generation_is("two");
  EXPECT_FALSE(one.opens(own) || one.opens(shared));  // also while nobody gives new ones
  const Bytes since = one.seals();
  EXPECT_NE(since, shared);
  hands.replace("two");
  hands.away = false;
  EXPECT_TRUE(shares(one));
  EXPECT_TRUE(one.opens(since));
  EXPECT_FALSE(one.opens(shared));
}

TEST_F(Sharing, GoesOnWithWhatItHasWhereNobodyAnswersAndThenWithItsOwn) {
  one.begin("one");
  ASSERT_TRUE(shares(one));
  const Bytes shared = one.seals();
  hands.away = true;
  EXPECT_TRUE(soon([&] { return one.sharing.warning().has_value(); }));
  clock.set(clock.now() + TicketKeys::kPeriod - Seconds{60});
  EXPECT_EQ(one.seals(), shared);
  clock.set(clock.now() + Seconds{60});
  const Bytes own = one.seals();
  EXPECT_NE(own, shared);
  EXPECT_TRUE(one.opens(shared));
  clock.set(clock.now() + TicketKeys::kLongest - TicketKeys::kPeriod);
  EXPECT_FALSE(one.opens(shared));
  hands.away = false;
  EXPECT_TRUE(shares(one));
  EXPECT_TRUE(soon([&] { return !one.sharing.warning(); }));
}

TEST_F(Sharing, EndsWithItsWish) {
  one.begin("one");
  ASSERT_TRUE(shares(one));
  const Bytes shared = one.seals();
  one.sharing.domains_are(Wish::keep_apart);
  EXPECT_FALSE(one.opens(shared));
  const int then = hands.questions;
  one.sharing.generation_is("two");
  EXPECT_EQ(hands.questions, then);
  hands.replace("two");
  one.sharing.domains_are(Wish::share);
  EXPECT_TRUE(shares(one));
}

TEST_F(Sharing, TakesNoKeyThatIsNone) {
  hands.cut = true;
  one.begin("one");
  EXPECT_TRUE(soon([&] { return one.sharing.warning().has_value(); }));
  hands.cut = false;
  EXPECT_TRUE(shares(one));
}

TEST_F(Sharing, AsksNobodyWhereNothingIsToBeShared) {
  one.sharing.generation_is("one");
  one.sharing.domains_are(Wish::keep_apart);
  other.begin("one");
  ASSERT_TRUE(shares(other));
  const int asked = hands.questions;
  EXPECT_GT(asked, 0);
  EXPECT_FALSE(hands.has(one.seals()));
}

}  // namespace
}  // namespace symbolon::gateway
