#include "authority/ticket_key_rings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authority/testing.h"

namespace symbolon::authority {
namespace {

using testing::code_of;
using ::testing::SizeIs;

std::string domain(int i) { return api::ticket_domain_name(crypto::sha256(as_bytes(std::to_string(i)))); }

class Rings : public ::testing::Test {
 protected:
  // The keys of the domain, as they travel.
  std::vector<std::string> keys(const std::string& name) {
    auto answer = rings.give({{name}});
    EXPECT_TRUE(answer) << answer.error().text();
    EXPECT_EQ(answer->generation, rings.generation());
    EXPECT_EQ(answer->domains.at(0).name, name);
    std::vector<std::string> out;
    for (const api::TicketKey& one : answer->domains.at(0).keys) out.emplace_back(one.key.reveal());
    return out;
  }

  FixedClock clock{UnixSeconds{1'800'000'000}};
  TicketKeyRings rings{clock};
};

TEST_F(Rings, GiveWhoeverAsksTheSameRandomKeys) {
  const auto first = keys(domain(1));
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_EQ(from_base64(first[0])->size(), api::TicketKey::kOctets);
  EXPECT_EQ(keys(domain(1)), first);
  EXPECT_NE(keys(domain(2)), first);
  TicketKeyRings other(clock);
  EXPECT_NE(other.give({{domain(1)}})->domains[0].keys[0].key.reveal(), first[0]);
  EXPECT_NE(other.generation(), rings.generation());
}

TEST_F(Rings, AnswerInTheOrderOfTheQuestion) {
  const auto one = keys(domain(1));
  const auto answer = rings.give({{domain(2), domain(1)}});
  ASSERT_TRUE(answer);
  ASSERT_THAT(answer->domains, SizeIs(2));
  EXPECT_EQ(answer->domains[0].name, domain(2));
  EXPECT_EQ(answer->domains[1].keys.at(0).key.reveal(), one[0]);
}

TEST_F(Rings, TurnWithTimeAndGiveNothingThatIsTooOld) {
  const auto first = keys(domain(1));
  clock.set(clock.now() + tls::TicketKeys::kPeriod);
  const auto both = keys(domain(1));
  EXPECT_THAT(both, SizeIs(2));
  EXPECT_EQ(rings.give({{domain(1)}})->domains[0].keys[0].age, tls::TicketKeys::kPeriod);
  clock.set(clock.now() + tls::TicketKeys::kLongest);
  const auto later = keys(domain(1));
  ASSERT_THAT(later, SizeIs(1));
  EXPECT_EQ(std::ranges::count(both, later[0]), 0);
}

TEST_F(Rings, LoseKeysThatAreTooOldAlsoWhereNobodyAsks) {
  keys(domain(1));
  clock.set(clock.now() + tls::TicketKeys::kPeriod);
  keys(domain(2));
  clock.set(clock.now() + tls::TicketKeys::kPeriod);
  rings.drop_old();
  EXPECT_EQ(rings.size(), 1U);
}

TEST_F(Rings, AreAllNewOnceTheyAreReplaced) {
  const auto first = keys(domain(1));
  const auto second = keys(domain(2));
  const std::string generation = rings.generation();
  rings.replace();
  EXPECT_NE(rings.generation(), generation);
  EXPECT_EQ(rings.size(), 0U);
  EXPECT_NE(keys(domain(1)), first);
  EXPECT_NE(keys(domain(2)), second);
}

TEST_F(Rings, AreBoundedAndForgetTheOneThatWasNamedLongestAgo) {
  const int most = static_cast<int>(TicketKeyRings::kMostDomains);
  std::vector<std::vector<std::string>> had;
  for (int i = 0; i < most; ++i) had.push_back(keys(domain(i)));
  EXPECT_EQ(keys(domain(0)), had[0]);
  keys(domain(most));
  EXPECT_EQ(rings.size(), TicketKeyRings::kMostDomains);
  EXPECT_EQ(keys(domain(0)), had[0]);
  EXPECT_NE(keys(domain(1)), had[1]);
}

TEST_F(Rings, AreForWhatCanBeADomain) {
  EXPECT_EQ(code_of(rings.give({{}})), Code::bad_request);
  for (const char* const name : {"", "ab", "web"})
    EXPECT_EQ(code_of(rings.give({{domain(1), name}})), Code::bad_request);
  EXPECT_EQ(rings.size(), 0U);
}

}  // namespace
}  // namespace symbolon::authority
