// The feed in few octets: the same entries as in JSON, in pages that follow one another.
#include "authority/feed_log.h"

#include "api/feed_block.h"
#include "authority/feed_fixture.h"
#include "authority/feed_history.h"

namespace symbolon::authority {
namespace {

class FeedLogTest : public FeedTest {
 protected:
  std::shared_ptr<const IssuerSet> issuers() const { return home_.authority->issuance().issuers(); }
  FeedLog::OctetsOf octets_of_ = [](ledger::IssuerId) -> Result<crypto::Sha256> { return crypto::Sha256{1}; };
  ledger::Revocation revocation(std::uint64_t sequence) const {
    ledger::Revocation out;
    out.sequence = sequence;
    out.issuer = issuers()->issuers.back().id;
    const std::array<std::uint8_t, 8> octets{0x5a,
                                             0,
                                             0,
                                             0,
                                             0,
                                             static_cast<std::uint8_t>(sequence >> 16),
                                             static_cast<std::uint8_t>(sequence >> 8),
                                             static_cast<std::uint8_t>(sequence)};
    out.serial = x509::SerialNumber::from_magnitude(octets).value();
    out.revoked_at = kNow;
    if (sequence % 3 == 0) out.invalid_since = kNow - kDay;
    return out;
  }
};

TEST_F(FeedLogTest, PagesFollowOneAnotherFromWhereverOneBegins) {
  FeedLog log;
  constexpr std::uint64_t kCount = 120'000;
  for (std::uint64_t i = 1; i <= kCount; ++i) log.append(revocation(i));
  log.append(revocation(7));  // it is there
  for (const std::uint64_t begin : {0ULL, 1ULL, 47'000ULL, 119'999ULL}) {
    std::uint64_t reached = begin;
    std::size_t pages = 0;
    bool more = true;
    while (more) {
      const auto part = log.after(reached, octets_of_).value();
      const auto block = api::FeedBlock::parse(part.block);
      ASSERT_TRUE(block) << block.error().text();
      EXPECT_EQ(block->first(), static_cast<std::int64_t>(reached) + 1);
      std::uint64_t number = reached;
      block->for_each([&](const api::PackedEntry& entry) {
        const ledger::Revocation wanted = revocation(++number);
        ASSERT_TRUE(std::ranges::equal(entry.serial, wanted.serial.magnitude())) << number;
        ASSERT_EQ(entry.invalid_since, wanted.invalid_since);
      });
      EXPECT_EQ(number, part.last);
      reached = part.last;
      more = part.more;
      ++pages;
    }
    EXPECT_EQ(reached, kCount);
    EXPECT_LE(pages, 4U);
    if (begin == 0) {
      EXPECT_GT(pages, 1U);
    }
  }
  EXPECT_TRUE(log.after(kCount, octets_of_).value().block.empty());
}

TEST_F(FeedLogTest, AnEntryOfNobodyFails) {
  FeedLog log;
  log.append(revocation(1));
  const auto nobody = [](ledger::IssuerId) -> Result<crypto::Sha256> { return fail(Code::issuer_unknown, "nobody"); };
  EXPECT_EQ(code_of(log.after(0, nobody)), Code::issuer_unknown);
}

// The chain is the same, whether its entries come from the ledger or from memory.
TEST_F(FeedLogTest, TheChainOverItIsThatOfTheLedger) {
  for (const char* const name : {"a", "b", "c"}) revoke(issued(name));
  home_.authority.reset();
  auto ledger =
      ledger::SqliteLedger::open(home_.folder.path() / "state" / "ledger.db", {.clock = &home_.clock}).value();
  const auto log = std::make_shared<FeedLog>();
  ASSERT_TRUE(ledger->revocations(0, [&](const ledger::Revocation& revocation) {
    log->append(revocation);
    return ledger::Proceed::yes;
  }));
  FeedHistory of_ledger(*ledger);
  FeedHistory of_memory(*ledger, log);
  const auto newest = of_memory.newest();
  ASSERT_TRUE(newest) << newest.error().text();
  EXPECT_EQ(newest->number, 3U);
  EXPECT_EQ(*newest, of_ledger.newest().value());
  EXPECT_EQ(of_memory.at(2).value(), of_ledger.at(2).value());
  EXPECT_EQ(code_of(of_memory.at(4)), Code::not_found);
}

TEST_F(FeedTest, PackedOrNotAPageSaysTheSame) {
  const Serving serving(home_);
  auto client = enroll::AuthorityClient::over_unix(serving.socket()).value();
  for (const bool some : {false, true}) {
    if (some) {
      for (const char* const name : {"a", "b", "c"}) revoke(issued(name));
      const std::string serial = issued("d");
      ASSERT_TRUE(home_.authority->revoke(
          {.what = serial, .reason = api::RevocationReason::key_compromise, .invalid_since = kNow - kDay}, kTester));
    }
    api::FeedQuery query = says("web-1");
    auto plain = client.feed(query);
    query.packed = true;
    auto packed = client.feed(query);
    ASSERT_TRUE(plain && packed);
    if (some) {
      const auto block = api::FeedBlock::parse(packed->block);
      ASSERT_TRUE(block) << block.error().text();
      block->for_each([&](const api::PackedEntry& entry) {
        packed->entries.push_back(
            block->entry(block->first() + static_cast<std::int64_t>(packed->entries.size()), entry));
      });
      ASSERT_EQ(packed->entries.size(), 4U);
      EXPECT_EQ(packed->entries.back().invalid_since, kNow - kDay);
    }
    packed->block.clear();
    EXPECT_EQ(*packed, *plain);
    if (!some) continue;
    query.after = 4;
    query.digest = *plain->digest;
    EXPECT_EQ(client.feed(query)->digest, plain->digest);
    query.after = 3;
    EXPECT_TRUE(client.feed(query)->behind) << "the digest is that of the fourth";
    query.after = 5;
    EXPECT_TRUE(client.feed(query)->behind);
  }
}

}  // namespace
}  // namespace symbolon::authority
