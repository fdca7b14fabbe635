#include "revocation/feed_chain.h"

#include <gtest/gtest.h>

#include <set>

namespace symbolon::revocation {
namespace {

FeedChainEntry entry() {
  return {.issuer = {0x11}, .serial = x509::SerialNumber::parse("0a1b").value(), .reason = 1, .at = {1'800'000'000}};
}

// Python: hashlib.sha256 over the octets that the header lists.
TEST(FeedChain, IsWhatItsHeaderSays) {
  EXPECT_EQ(to_hex(feed_chain_begin()), "a5c6256459839cedecd705eab6b548ee76039bb0f7f876a20b155418889daacd");
  FeedChainEntry first = entry();
  first.issuer.fill(0x11);
  FeedPoint point;
  point.add(first);
  EXPECT_EQ(point.number, 1U);
  EXPECT_EQ(to_hex(point.hash), "4774129be087cb1a1c90389c60793de69f6b0a9b1851ba601e2abd4a172b235e");
  FeedChainEntry second{.serial = x509::SerialNumber::from_magnitude(Bytes(20, 0xff)).value(),
                        .reason = 4,
                        .at = {1'800'000'001},
                        .invalid_since = UnixSeconds{1'799'990'000}};
  second.issuer.fill(0x22);
  point.add(second);
  EXPECT_EQ(point.number, 2U);
  EXPECT_EQ(to_hex(point.hash), "b2d12f236e6c3587310d41e553c69f4d662b480cded4de31179f9eee6c959bec");
}

TEST(FeedChain, EveryMemberOfAnEntryCounts) {
  std::set<crypto::Sha256> seen{feed_chain_next(feed_chain_begin(), entry())};
  const auto differs = [&](auto change) {
    FeedChainEntry other = entry();
    change(other);
    return seen.insert(feed_chain_next(feed_chain_begin(), other)).second;
  };
  EXPECT_TRUE(differs([](FeedChainEntry& e) { e.issuer[31] = 1; }));
  EXPECT_TRUE(differs([](FeedChainEntry& e) { e.serial = x509::SerialNumber::parse("0a1c").value(); }));
  EXPECT_TRUE(differs([](FeedChainEntry& e) { e.serial = x509::SerialNumber::parse("0a1b00").value(); }));
  EXPECT_TRUE(differs([](FeedChainEntry& e) { e.reason = 4; }));
  EXPECT_TRUE(differs([](FeedChainEntry& e) { e.at.count += 1; }));
  EXPECT_TRUE(differs([](FeedChainEntry& e) { e.invalid_since = UnixSeconds{0}; }));
  EXPECT_TRUE(differs([](FeedChainEntry& e) { e.invalid_since = UnixSeconds{1}; }));
  EXPECT_TRUE(seen.insert(feed_chain_next(crypto::sha256({}), entry())).second) << "what stood before";
}

}  // namespace
}  // namespace symbolon::revocation
