// Entries of the feed, packed: what was written is read, and nothing else is.
#include "api/feed_block.h"

#include <gtest/gtest.h>

namespace symbolon::api {
namespace {

const std::string kOne = std::string(64, '1');
const std::string kTwo = std::string(64, '2');

FeedEntry entry(std::int64_t number, std::string issuer, std::string serial) {
  return {.number = number,
          .issuer = std::move(issuer),
          .serial = std::move(serial),
          .reason = RevocationReason::superseded,
          .at = {1000 + number},
          .invalid_since = number % 2 == 0 ? std::optional(UnixSeconds{number}) : std::nullopt};
}

std::string block_of(std::int64_t first, const std::vector<FeedEntry>& entries) {
  std::string out = block_head(first, {kOne, kTwo}).value();
  for (const FeedEntry& one : entries) {
    const Bytes serial = from_hex(one.serial).value();
    append_packed(out, {.issuer = static_cast<std::uint16_t>(one.issuer == kOne ? 0 : 1),
                        .reason = one.reason,
                        .at = one.at,
                        .invalid_since = one.invalid_since,
                        .serial = serial});
  }
  return out;
}

std::vector<FeedEntry> entries_of(const FeedBlock& block) {
  std::vector<FeedEntry> out;
  block.for_each([&](const PackedEntry& packed) {
    out.push_back(block.entry(block.first() + static_cast<std::int64_t>(out.size()), packed));
  });
  return out;
}

const std::vector<FeedEntry> kSome{entry(7, kOne, "0a"), entry(8, kTwo, std::string(40, 'f')), entry(9, kOne, "00")};

TEST(FeedBlock, HoldsWhatWasWritten) {
  const std::string octets = block_of(7, kSome);
  const auto block = FeedBlock::parse(octets);
  ASSERT_TRUE(block) << block.error().text();
  EXPECT_EQ(block->first(), 7);
  EXPECT_EQ(block->last(), 9);
  EXPECT_EQ(entries_of(*block), kSome);
  const std::string_view rest = packed_after(std::string_view(octets).substr(10 + 64), 2);
  EXPECT_EQ(rest.size(), 12U + 1U);
}

TEST(FeedBlock, IsWholeOrNoneWhereverItIsCut) {
  const std::string octets = block_of(7, kSome);
  std::size_t whole = 0;
  for (std::size_t size = 0; size < octets.size(); ++size) {
    const auto block = FeedBlock::parse(std::string_view(octets).substr(0, size));
    if (!block) {
      EXPECT_EQ(block.error().code, Code::bad_request);
      continue;
    }
    ++whole;  // between two entries: how many there are is the page's to say
    const auto part = entries_of(*block);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), kSome.begin()));
  }
  EXPECT_EQ(whole, 2U);
}

TEST(FeedBlock, TakesNoOtherForms) {
  const auto refused = [](std::string octets) { return !FeedBlock::parse(octets); };
  EXPECT_TRUE(refused(block_of(7, {}))) << "no entries";
  EXPECT_TRUE(refused(block_of(0, kSome))) << "the first one is 1";
  EXPECT_TRUE(refused(block_of(7, {entry(7, kOne, "000a")}))) << "a serial with a leading zero";
  EXPECT_TRUE(refused(block_of(7, {entry(7, kOne, std::string(42, 'a'))}))) << "a serial of 21 octets";
  std::string octets = block_of(7, {entry(7, kOne, "0a")});
  octets[10 + 64 + 1] = 2;  // issuer
  EXPECT_TRUE(refused(octets)) << "of no issuer of its block";
  octets = block_of(7, {entry(7, kOne, "0a")});
  octets[10 + 64 + 2] = 7;  // reason
  EXPECT_TRUE(refused(octets)) << "a reason that there is not";
  EXPECT_TRUE(refused(block_of(7, kSome) + std::string(FeedBlock::kMostOctets, '\0')));
}

TEST(FeedBlock, APageIsItsJsonAndItsBlock) {
  FeedPage page{.issuers = {kOne + kTwo},
                .entries = {},
                .block = block_of(7, kSome),
                .digest = std::string(64, 'd'),
                .more = true};
  const std::string octets = encode_packed(page);
  const auto read = decode_packed(octets);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(*read, page);
  page.block.clear();
  EXPECT_EQ(decode_packed(encode_packed(page)).value(), page);
  for (std::size_t size = 0; size < 4; ++size) EXPECT_FALSE(decode_packed(octets.substr(0, size)));
  EXPECT_FALSE(decode_packed(std::string(4, '\x7f') + octets.substr(4)));
  page.entries = kSome;
  EXPECT_FALSE(decode_packed(encode_packed(page))) << "entries twice";
}

}  // namespace
}  // namespace symbolon::api
