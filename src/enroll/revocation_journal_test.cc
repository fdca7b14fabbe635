// What a gateway keeps of revocations can be read again, however much of it is left.
#include "enroll/revocation_journal.h"

#include <gtest/gtest.h>

#include <array>

#include "http/server_fixture.h"
#include "net/crc32c.h"

namespace symbolon::enroll {
namespace {

using revocation::IssuerKey;

IssuerKey issuer(std::uint8_t mark) {
  IssuerKey out;
  out.octets.fill(mark);
  out.name.fill(static_cast<std::uint8_t>(mark + 1));
  return out;
}

struct Read {
  JournalEnd end;
  std::vector<IssuerKey> issuers;
  std::vector<std::string> entries;  // "first octet of the issuer/serial@time"
};

Read read(std::string_view content) {
  Read out;
  out.end = read_journal(content, {.issuer = [&](const IssuerKey& key) { out.issuers.push_back(key); },
                                   .entry =
                                       [&](const revocation::Change& change) {
                                         constexpr std::array<std::string_view, 3> kEffects{"", " held", " released"};
                                         out.entries.push_back(fmt::format(
                                             "{}/{}@{}{}", change.issuer.octets.front(), change.serial.hex(),
                                             change.at.count, kEffects.at(static_cast<std::size_t>(change.effect))));
                                       }});
  return out;
}

std::string block(std::int64_t first, const std::vector<api::PackedEntry>& entries) {
  std::string out = api::block_head(first, {to_hex(issuer(1).octets), to_hex(issuer(7).octets)}).value();
  for (const api::PackedEntry& entry : entries) api::append_packed(out, entry);
  return out;
}

const Bytes k0a{0x0a};
const Bytes k0b{0x0b};
const Bytes kLong(20, 0xff);

std::string some_records() {
  std::string out = journal_issuer(issuer(1)) + journal_issuer(issuer(7));
  out +=
      journal_block(block(1, {{.issuer = 0, .at = {100}, .serial = k0a}, {.issuer = 1, .at = {200}, .serial = kLong}}));
  out += journal_mark({2, std::string(64, 'd')}, {250});
  out += journal_block(block(3, {{.issuer = 0, .at = {300}, .serial = k0b}}));
  out += journal_mark({3, std::string(64, 'e')}, {350});
  out += journal_mark({3, std::string(64, 'e')}, {400});
  return out;
}

TEST(RevocationJournal, HoldsWhatWasWritten) {
  const std::string content = some_records();
  const Read all = read(content);
  EXPECT_EQ(all.issuers, (std::vector{issuer(1), issuer(7)}));
  EXPECT_EQ(all.entries, (std::vector<std::string>{"1/0a@100", "7/" + std::string(40, 'f') + "@200", "1/0b@300"}));
  EXPECT_EQ(all.end.place, (FeedPlace{3, std::string(64, 'e')}));
  EXPECT_EQ(all.end.heard, UnixSeconds{400});
  EXPECT_EQ(all.end.entries, 3U);
  EXPECT_EQ(all.end.good, content.size());
  EXPECT_EQ(all.end.marked, content.size());
  EXPECT_EQ(all.end.lost, 0U);
  EXPECT_FALSE(read("").end.heard);
  const std::string nothing_yet = journal_mark({}, {7});
  EXPECT_EQ(read(nothing_yet).end.heard, UnixSeconds{7});
  EXPECT_EQ(read(nothing_yet).end.place, FeedPlace{});
}

TEST(RevocationJournal, HoldsWhatIsOnHoldAndWhatWasReleased) {
  using Reason = api::RevocationReason;
  const std::string content =
      journal_issuer(issuer(1)) + journal_issuer(issuer(7)) +
      journal_block(block(1, {{.reason = Reason::certificate_hold, .at = {100}, .serial = k0a},
                              {.reason = Reason::key_compromise, .at = {200}, .serial = k0b},
                              {.reason = Reason::remove_from_crl, .at = {300}, .serial = k0a}}));
  EXPECT_EQ(read(content).entries, (std::vector<std::string>{"1/0a@100 held", "1/0b@200", "1/0a@300 released"}));
  const auto set = revocation::RevocationSet::Builder()
                       .change({issuer(1), x509::SerialNumber::parse("0a").value(), {100}, revocation::Effect::held})
                       .change({issuer(1), x509::SerialNumber::parse("0b").value(), {200}})
                       .build();
  EXPECT_EQ(read(journal_kept(*set)).entries, (std::vector<std::string>{"1/0b@200", "1/0a@100 held"}))
      << "written anew, it still tells them apart";
}

TEST(RevocationJournal, IsReadAsFarAsItIsWhole) {
  const std::string content = some_records();
  const Read all = read(content);
  for (std::size_t size = 0; size < content.size(); ++size) {
    const Read part = read(std::string_view(content).substr(0, size));
    EXPECT_EQ(part.end.good + part.end.lost, size);
    ASSERT_LE(part.entries.size(), all.entries.size());
    EXPECT_TRUE(std::equal(part.entries.begin(), part.entries.end(), all.entries.begin()));
    EXPECT_LE(part.end.place.number, static_cast<std::int64_t>(part.entries.size()))
        << "it never goes beyond what is there";
  }
}

TEST(RevocationJournal, AChangedOctetEndsIt) {
  const std::string content = some_records();
  const Read all = read(content);
  for (std::size_t i = 0; i < content.size(); ++i) {
    std::string changed = content;
    changed[i] = static_cast<char>(changed[i] ^ 0x20);
    const Read part = read(changed);
    EXPECT_LE(part.end.good, i) << "and all before it stands";
    EXPECT_NE(part.end.lost, 0U);
    EXPECT_TRUE(std::equal(part.entries.begin(), part.entries.end(), all.entries.begin()));
  }
}

TEST(RevocationJournal, WhatIsOutOfItsOrderEndsIt) {
  const std::string issuers = journal_issuer(issuer(1)) + journal_issuer(issuer(7));
  const std::string first = journal_block(block(1, {{.issuer = 0, .at = {100}, .serial = k0a}}));
  const std::string second = journal_block(block(2, {{.issuer = 0, .at = {200}, .serial = k0b}}));
  const auto good = [](const std::string& content) { return read(content).end.good; };
  EXPECT_EQ(good(first), 0U) << "an entry of an issuer that is not there";
  EXPECT_EQ(good(issuers + second), issuers.size()) << "not the first one";
  EXPECT_EQ(good(issuers + first + first), issuers.size() + first.size()) << "one twice";
  const std::string beyond = journal_mark({2, std::string(64, 'd')}, {250});
  EXPECT_EQ(good(issuers + first + beyond), issuers.size() + first.size()) << "a mark beyond what is there";
  EXPECT_EQ(read(issuers + first + second).end.marked, 0U);
}

TEST(RevocationJournal, WhatAnAuthorityGaveUpStandsBesideItsFeed) {
  revocation::RevocationSet::Builder builder;
  const auto serial = [](const char* hex) { return x509::SerialNumber::parse(hex).value(); };
  builder.issuer(issuer(3), {}).add(issuer(1), serial("0a"), {100});
  const auto set = builder.build()->with(issuer(1), serial("0b"), {200});
  const Read back = read(journal_kept(*set) + journal_mark({}, {50}));
  EXPECT_EQ(back.issuers.size(), 2U);
  EXPECT_EQ(back.entries, (std::vector<std::string>{"1/0a@100", "1/0b@200"}));
  EXPECT_EQ(back.end.place.number, 0);
  EXPECT_EQ(back.end.lost, 0U);
  EXPECT_FALSE(back.end.earlier_version);
}

// What version 0.1 wrote: `E`, with numbers or without, and a mark of its number.
TEST(RevocationJournal, OneOfAnEarlierVersionIsRead) {
  revocation::RevocationSet::Builder builder;
  builder.add(issuer(1), x509::SerialNumber::parse("0a").value(), {100});
  std::string content = journal_kept(*builder.build());
  const std::size_t record = content.size() - (1 + 8 + 8 + 1 + 32 + 1);
  ASSERT_EQ(content[record], 'K');
  content[record] = 'E';
  const std::uint32_t checksum = net::crc32c(as_bytes(std::string_view(content).substr(record)));
  for (std::size_t i = 0; i < 4; ++i) {
    content[record - 1 - i] = static_cast<char>(static_cast<std::uint8_t>(checksum >> (8 * i)));
  }
  const Read back = read(content + journal_mark({9, std::string(64, 'a')}, {50}));
  EXPECT_EQ(back.entries, (std::vector<std::string>{"1/0a@100"}));
  EXPECT_EQ(back.end.place.number, 9);
  EXPECT_TRUE(back.end.earlier_version);
}

class JournalInAFolder : public ::testing::Test {
 protected:
  static api::FeedPage page(std::int64_t first, const Bytes& serial) {
    const auto name = [](std::uint8_t mark) { return to_hex(issuer(mark).octets) + to_hex(issuer(mark).name); };
    return {.issuers = {name(1), name(7)},
            .entries = {},
            .block = block(first, {{.issuer = 0, .at = {first}, .serial = serial}}),
            .digest = {}};
  }
  static FeedPlace place(std::int64_t number) { return {number, std::string(64, static_cast<char>('a' + number))}; }
  static void add(RevocationJournal& journal, const api::FeedPage& page) {
    const auto block = api::FeedBlock::parse(page.block).value();
    journal.add(page.issuers, &block, place(block.last()));
  }
  std::string content() const { return read_file(file_).value(); }

  http::TemporaryFolder folder_;
  Path file_ = folder_.path() / "revocations.journal";
};

TEST_F(JournalInAFolder, IsAppendedToAndGoesOnFromItsLastMark) {
  {
    RevocationJournal journal(file_);
    EXPECT_EQ(journal.reaches(), FeedPlace());
    add(journal, page(1, k0a));
    journal.mark(place(1), {100}, kMinute);
    add(journal, page(3, k0b));
    EXPECT_EQ(journal.reaches(), place(1)) << "one is missing in between";
    add(journal, page(2, k0b));
    EXPECT_EQ(journal.reaches(), place(2));
    journal.mark(place(1), {101}, kMinute);  // not where it ends: nothing is said
  }
  const Read back = read(content());
  EXPECT_EQ(back.entries, (std::vector<std::string>{"1/0a@1"})) << "what has no mark is not on the disk";
  RevocationJournal journal(file_);
  EXPECT_TRUE(journal.take_found().set->revoked(issuer(1), x509::SerialNumber::parse("0a").value()));
  EXPECT_EQ(journal.reaches(), place(1));
  add(journal, page(2, k0b));
  journal.mark(place(2), {102}, kMinute);
  EXPECT_EQ(read(content()).end.place, place(2));
}

TEST_F(JournalInAFolder, IsSaidToBeUpToDateOnceAPeriodWithoutNews) {
  RevocationJournal journal(file_);
  ASSERT_TRUE(journal.reaches());
  journal.mark({}, {100}, kMinute);
  const std::size_t size = content().size();
  journal.mark({}, {130}, kMinute);
  EXPECT_EQ(content().size(), size);
  journal.mark({}, {160}, kMinute);
  EXPECT_GT(content().size(), size);
  EXPECT_EQ(read(content()).end.heard, UnixSeconds{160});
}

TEST_F(JournalInAFolder, OneThatIsCutAnywhereGoesOnFromItsLastWholeMark) {
  const std::string whole = some_records();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    ASSERT_TRUE(
        write_file(file_, std::string_view(whole).substr(0, size), {.mode = 0600, .existing = Existing::replace}));
    const Read before = read(content());
    RevocationJournal journal(file_);
    EXPECT_EQ(journal.reaches(), before.end.place);
    journal.mark(before.end.place, {500}, kMinute);
    const Read after = read(content());
    EXPECT_EQ(after.end.lost, 0U);
    EXPECT_EQ(after.end.place, before.end.place);
    EXPECT_EQ(static_cast<std::int64_t>(after.entries.size()), before.end.place.number);
  }
}

TEST_F(JournalInAFolder, WhatTheAuthorityGaveUpIsKeptAndItsFeedBeginsAgain) {
  {
    RevocationJournal journal(file_);
    ASSERT_TRUE(journal.reaches());
    add(journal, page(1, k0a));
    journal.mark(place(1), {100}, kMinute);
    revocation::RevocationSet::Builder builder;
    builder.add(issuer(1), x509::SerialNumber::parse("0a").value(), {1});
    journal.go_back({}, builder.build());
    EXPECT_EQ(journal.reaches(), FeedPlace());
    EXPECT_EQ(read(content()).end.place, place(1)) << "the old one stands until the new one is whole";
    add(journal, page(1, k0b));
    journal.mark(place(1), {200}, kMinute);
  }
  const Read back = read(content());
  EXPECT_EQ(back.entries, (std::vector<std::string>{"1/0a@1", "1/0b@1"}));
  RevocationJournal journal(file_);
  EXPECT_EQ(journal.reaches(), place(1));
}

TEST_F(JournalInAFolder, MarksAloneDoNotMakeItGrowForEver) {
  std::string whole = some_records();
  for (std::int64_t i = 0; i < 20'000; ++i) whole += journal_mark({3, std::string(64, 'e')}, {1000 + 60 * i});
  ASSERT_TRUE(write_file(file_, whole, {.mode = 0600}));
  RevocationJournal journal(file_);
  const FeedPlace end{3, std::string(64, 'e')};
  EXPECT_EQ(journal.reaches(), end);
  journal.mark(end, {5'000'000}, kMinute);
  EXPECT_LT(content().size(), 1000U);
  const Read back = read(content());
  EXPECT_EQ(back.entries, read(whole).entries);
  EXPECT_EQ(back.end.heard, UnixSeconds{5'000'000});
  EXPECT_EQ(back.end.lost, 0U);
}

}  // namespace
}  // namespace symbolon::enroll
