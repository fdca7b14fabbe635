#include "ledger/query.h"

#include <gtest/gtest.h>

namespace symbolon::ledger {
namespace {

constexpr UnixSeconds kNow{1'800'000'000};

Query parsed(std::string_view text) {
  const Result<Query> query = parse_query(text, kNow);
  EXPECT_TRUE(query) << text << ": " << (query ? "" : query.error().text());
  return query.value_or(Query{});
}

std::string refusal(std::string_view text) {
  const Result<Query> query = parse_query(text, kNow);
  if (query) return "accepted";
  EXPECT_EQ(query.error().code, Code::query_malformed);
  return query.error().words.substr(0, query.error().words.find(':'));
}

TEST(QueryTest, NothingAsksForEverything) {
  EXPECT_TRUE(parsed("").everything());
  EXPECT_TRUE(parsed(" \t ").everything());
}

TEST(QueryTest, BareWordsAreTermsAboutAnything) {
  const Query query = parsed("Web-1  example.com");
  ASSERT_EQ(query.texts.size(), 2U);
  EXPECT_EQ(query.texts[0].field, Field::any);
  EXPECT_EQ(query.texts[0].value, "web-1");
  EXPECT_EQ(query.texts[1].value, "example.com");
}

TEST(QueryTest, FieldsTakeTheRestOfTheWordAsTheirValue) {
  const Query query = parsed(R"(subject:web san:uri:spiffe://td/a issuer:"Issuing CA" -profile:server)");
  ASSERT_EQ(query.texts.size(), 4U);
  EXPECT_EQ(query.texts[1].field, Field::san);
  EXPECT_EQ(query.texts[1].value, "uri:spiffe://td/a");
  EXPECT_EQ(query.texts[2].value, "issuing ca");
  EXPECT_TRUE(query.texts[3].negated);
}

TEST(QueryTest, AnUnquotedStarIsAPatternAndAQuotedOneAStar) {
  EXPECT_TRUE(parsed("web-*").texts[0].pattern);
  EXPECT_FALSE(parsed("\"web-*\"").texts[0].pattern);
  EXPECT_EQ(parsed("\"web-*\"").texts[0].value, "web-*");
}

TEST(QueryTest, UrisAndColonHexadecimalAreWords) {
  EXPECT_EQ(parsed("spiffe://td/a").texts[0].field, Field::any);
  EXPECT_EQ(parsed("0A:1B").texts[0].value, "0a:1b");
  EXPECT_EQ(parsed("2001:db8::1").texts[0].value, "2001:db8::1");
  EXPECT_EQ(parsed("serial:0x0A:1B").texts[0].value, "0a1b");
}

TEST(QueryTest, DurationsRunForwardForEndsAndBackForIssuance) {
  const Query query = parsed("expires<30d issued<7d issued>2026-01-01");
  ASSERT_EQ(query.times.size(), 3U);
  EXPECT_EQ(query.times[0].at, kNow + kDay * 30);
  EXPECT_EQ(query.times[0].relation, Relation::before);
  EXPECT_EQ(query.times[1].at, kNow - kDay * 7);
  EXPECT_EQ(query.times[1].relation, Relation::after);
  EXPECT_EQ(query.times[2].relation, Relation::after);
}

TEST(QueryTest, StatesAndOrders) {
  const Query query = parsed("state:Revoked -state:expired sort:expires");
  ASSERT_EQ(query.standings.size(), 2U);
  EXPECT_EQ(query.standings[0].standing, Standing::revoked);
  EXPECT_TRUE(query.standings[1].negated);
  EXPECT_EQ(query.order, Order::expires);
}

TEST(QueryTest, WhatCannotBeUnderstoodNamesItsColumn) {
  EXPECT_EQ(refusal("web colour:red"), "column 5");
  EXPECT_EQ(refusal("state:gone"), "column 7");
  EXPECT_EQ(refusal("-state:gone"), "column 8");
  EXPECT_EQ(refusal("expires<soon"), "column 9");
  EXPECT_EQ(refusal("sort:size"), "column 6");
  EXPECT_EQ(refusal("-sort:newest"), "column 1");
  EXPECT_EQ(refusal("web \"open"), "column 5");
  EXPECT_EQ(refusal("a \"\""), "column 3");
  EXPECT_EQ(refusal("subject:"), "column 9");
  EXPECT_EQ(refusal("subject<3"), "column 1");
  EXPECT_EQ(refusal(std::string_view("a\0b", 3)), "column 2");
  EXPECT_EQ(refusal(std::string(kLongestQuery + 1, 'a')), "column 4097");
}

TEST(QueryTest, TermsAreBounded) {
  std::string many;
  for (std::size_t n = 0; n < kMostTerms; ++n) many += "a ";
  EXPECT_EQ(parsed(many).texts.size(), kMostTerms);
  EXPECT_EQ(refusal(many + "b"), "column 65");
}

}  // namespace
}  // namespace symbolon::ledger
