#include "api/heads.h"

#include <gtest/gtest.h>

namespace symbolon::api {
namespace {

TEST(Heads, ComeBackFromTheirWireForm) {
  const revocation::SignedHead head{.head = {.kind = revocation::HeadKind::feed,
                                             .count = 41,
                                             .hash = crypto::sha256(as_bytes("x")),
                                             .time = {1'800'000'000}},
                                    .signature = {0x30, 0x00, 0xff}};
  EXPECT_EQ(head_of(revocation::HeadKind::feed, view_of(head)).value(), head);
}

TEST(Heads, WhatIsNoHeadIsRefused) {
  const SignedHead good{.count = 1, .hash = std::string(64, 'a'), .time = {}, .signature = "MEQ="};
  ASSERT_TRUE(head_of(revocation::HeadKind::audit, good));
  const auto refused = [&](auto change) {
    SignedHead head = good;
    change(head);
    const auto read = head_of(revocation::HeadKind::audit, head);
    return !read && read.error().code == Code::audit_head_not_ours;
  };
  EXPECT_TRUE(refused([](SignedHead& h) { h.count = -1; }));
  EXPECT_TRUE(refused([](SignedHead& h) { h.hash.pop_back(); }));
  EXPECT_TRUE(refused([](SignedHead& h) { h.hash += "aa"; }));
  EXPECT_TRUE(refused([](SignedHead& h) { h.hash[0] = 'g'; }));
  EXPECT_TRUE(refused([](SignedHead& h) { h.signature = "?"; }));
}

TEST(Heads, AnEntryOfTheFeedIsOneOfTheChain) {
  FeedEntry entry{.number = 7,
                  .issuer = std::string(64, '1'),
                  .serial = "0a1b",
                  .reason = RevocationReason::superseded,
                  .at = {1'800'000'000},
                  .invalid_since = UnixSeconds{5}};
  const auto read = chain_entry_of(entry);
  ASSERT_TRUE(read) << read.error().text();
  revocation::FeedChainEntry expected{.serial = x509::SerialNumber::parse("0a1b").value(),
                                      .reason = 4,
                                      .at = {1'800'000'000},
                                      .invalid_since = UnixSeconds{5}};
  expected.issuer.fill(0x11);
  EXPECT_EQ(*read, expected);
  entry.issuer = "11";
  EXPECT_FALSE(chain_entry_of(entry));
  entry.issuer = std::string(64, '1');
  entry.serial = "xyz";
  EXPECT_FALSE(chain_entry_of(entry));
}

}  // namespace
}  // namespace symbolon::api
