#include "gateway/session_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>

#include "x509/testing/forge.h"

namespace symbolon::gateway {
namespace {

using x509::testing::forge;

// The index follows no pointer: an address is all that there is of a session here.
class Addresses {
 public:
  Session* operator[](std::size_t i) { return reinterpret_cast<Session*>(&octets_.at(i)); }

 private:
  std::array<std::max_align_t, 100> octets_{};
};

CertificateKey key(std::uint64_t octets) { return {octets}; }

std::vector<Session*> found(SessionIndex& index, CertificateKey key) {
  std::vector<Session*> out;
  index.begin_walk(key);
  while (Session* const session = index.next()) out.push_back(session);
  return out;
}

TEST(SessionIndex, FindsWhoIsUnderAKeyAndNobodyElse) {
  Addresses sessions;
  SessionIndex index;
  SessionIndex::Place alice;
  SessionIndex::Place bob;
  index.put(alice, *sessions[0], {key(1), key(9)});
  index.put(bob, *sessions[1], {key(2), key(9)});
  EXPECT_THAT(found(index, key(1)), ::testing::ElementsAre(sessions[0]));
  EXPECT_THAT(found(index, key(2)), ::testing::ElementsAre(sessions[1]));
  EXPECT_THAT(found(index, key(9)), ::testing::UnorderedElementsAre(sessions[0], sessions[1]));
  EXPECT_THAT(found(index, key(3)), ::testing::IsEmpty());
  index.put(alice, *sessions[0], {key(3)});
  EXPECT_THAT(found(index, key(1)), ::testing::IsEmpty());
  EXPECT_THAT(found(index, key(3)), ::testing::ElementsAre(sessions[0]));
  EXPECT_THAT(found(index, key(9)), ::testing::ElementsAre(sessions[1]));
  index.take_out(alice);
  index.take_out(bob);
  EXPECT_EQ(index.keys(), 0U);
}

// Against what a list says, in an order that a fixed sequence chooses.
TEST(SessionIndex, ForgetsNobodyHoweverTheyComeAndGo) {
  Addresses sessions;
  SessionIndex index;
  std::vector<std::unique_ptr<SessionIndex::Place>> places(100);
  std::vector<std::vector<CertificateKey>> expected(100);
  std::uint64_t random = 1;
  const auto next = [&](std::uint64_t below) {
    random = random * 6364136223846793005ULL + 1442695040888963407ULL;
    return (random >> 33) % below;
  };
  for (int step = 0; step < 20'000; ++step) {
    const std::size_t i = next(100);
    if (!places[i]) places[i] = std::make_unique<SessionIndex::Place>();
    expected[i].clear();
    for (std::uint64_t keys = next(4); keys > 0; --keys) expected[i].push_back(key(next(10)));
    index.put(*places[i], *sessions[i], expected[i]);
    const CertificateKey asked = key(next(10));
    std::vector<Session*> wanted;
    for (std::size_t other = 0; other < 100; ++other) {
      for (const CertificateKey one : expected[other]) {
        if (one == asked) wanted.push_back(sessions[other]);
      }
    }
    ASSERT_THAT(found(index, asked), ::testing::UnorderedElementsAreArray(wanted));
  }
  for (const auto& place : places) index.take_out(*place);
  EXPECT_EQ(index.keys(), 0U);
}

TEST(SessionIndex, AWalkGoesOnWhileWhoIsAheadOfItLeavesOrMoves) {
  Addresses sessions;
  SessionIndex index;
  std::list<SessionIndex::Place> places(5);
  std::size_t i = 0;
  for (auto& place : places) index.put(place, *sessions[i++], {key(1)});
  index.begin_walk(key(1));
  std::vector<Session*> met{index.next()};  // the last that came
  index.take_out(*std::next(places.begin(), 3));
  index.put(*std::next(places.begin(), 2), *sessions[2], {key(1)});  // to the front
  SessionIndex::Place late;
  index.put(late, *sessions[9], {key(1)});
  while (Session* const session = index.next()) met.push_back(session);
  EXPECT_THAT(met, ::testing::ElementsAre(sessions[4], sessions[1], sessions[0]));
  index.take_out(late);
  for (auto& place : places) index.take_out(place);
}

TEST(CertificateKeys, AreThoseByWhichARevocationIsToldOf) {
  const auto root = forge().ca("ix-root", "IX Root");
  const auto issuing = forge().ca("ix-ca", "IX CA", "ix-root");
  const auto twin = forge().ca("ix-twin", "IX CA", "ix-root");
  const auto leaf = forge().client("ix-leaf", "alice", "ix-ca");
  const auto of = [](const x509::Certificate& issuer, const x509::Certificate& subject) {
    return keys_of(revocation::Addition{revocation::IssuerKey::of(issuer), subject.serial()});
  };
  const auto path = keys_of({leaf, issuing, root});
  ASSERT_EQ(path.size(), 2U);
  EXPECT_EQ(path[0], of(issuing, leaf)[0]);
  EXPECT_EQ(path[1], of(root, issuing)[0]);
  EXPECT_THAT(path, ::testing::Not(::testing::Contains(of(twin, leaf)[0])));
  const auto pinned = keys_of({leaf});  // whoever has that name may revoke it
  ASSERT_EQ(pinned.size(), 1U);
  EXPECT_EQ(pinned[0], of(issuing, leaf)[1]);
  EXPECT_EQ(pinned[0], of(twin, leaf)[1]);
}

}  // namespace
}  // namespace symbolon::gateway
