// What a gateway keeps of revocations can be read again, however much of it is left.
#include "enroll/revocation_journal.h"

#include <gtest/gtest.h>

#include <array>

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

std::string some_records() {
  api::FeedPage page;
  page.entries = {{.number = 1, .issuer = to_hex(issuer(1).octets), .serial = "0a", .at = {100}},
                  {.number = 2, .issuer = to_hex(issuer(7).octets), .serial = std::string(40, 'f'), .at = {200}}};
  std::string out = journal_records({issuer(1), issuer(7)}, page.entries);
  out += journal_mark({2, std::string(64, 'd')}, {250});
  page.entries = {{.number = 3, .issuer = to_hex(issuer(1).octets), .serial = "0b", .at = {300}}};
  out += journal_records({}, page.entries);
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
  EXPECT_EQ(all.end.lost, 0U);
  EXPECT_FALSE(read("").end.heard);
  const std::string nothing_yet = journal_mark({}, {7});
  EXPECT_EQ(read(nothing_yet).end.heard, UnixSeconds{7});
  EXPECT_EQ(read(nothing_yet).end.place, FeedPlace{});
}

TEST(RevocationJournal, HoldsWhatIsOnHoldAndWhatWasReleased) {
  using Reason = api::RevocationReason;
  const std::string key = to_hex(issuer(1).octets);
  const std::string content = journal_records({issuer(1)}, {{1, key, "0a", Reason::certificate_hold, {100}},
                                                            {2, key, "0b", Reason::key_compromise, {200}},
                                                            {3, key, "0a", Reason::remove_from_crl, {300}}});
  EXPECT_EQ(read(content).entries, (std::vector<std::string>{"1/0a@100 held", "1/0b@200", "1/0a@300 released"}));
  const auto set = revocation::RevocationSet::Builder()
                       .change({issuer(1), x509::SerialNumber::parse("0a").value(), {100}, revocation::Effect::held})
                       .change({issuer(1), x509::SerialNumber::parse("0b").value(), {200}})
                       .build();
  EXPECT_EQ(read(whole_journal(*set, {3, std::string(64, 'e')}, {400})).entries,
            (std::vector<std::string>{"1/0b@200", "1/0a@100 held"}))
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

TEST(RevocationJournal, AnEntryOfAnIssuerThatIsNotThereEndsIt) {
  api::FeedPage page;
  page.entries = {{.number = 1, .issuer = to_hex(issuer(1).octets), .serial = "0a", .at = {100}}};
  const Read read_back = read(journal_records({}, page.entries) + journal_mark({1, std::string(64, 'd')}, {250}));
  EXPECT_EQ(read_back.end.good, 0U);
  EXPECT_EQ(read_back.end.place, FeedPlace{});
}

TEST(RevocationJournal, WrittenAnewItHoldsTheSame) {
  revocation::RevocationSet::Builder builder;
  const auto serial = [](const char* hex) { return x509::SerialNumber::parse(hex).value(); };
  builder.issuer(issuer(3), {}).add(issuer(1), serial("0a"), {100});
  const auto set = builder.build()->with(issuer(1), serial("0b"), {200});
  const Read back = read(whole_journal(*set, {9, std::string(64, 'a')}, {50}));
  EXPECT_EQ(back.issuers.size(), 2U);
  EXPECT_EQ(back.entries, (std::vector<std::string>{"1/0a@100", "1/0b@200"}));
  EXPECT_EQ(back.end.place.number, 9);
  EXPECT_EQ(back.end.lost, 0U);
}

}  // namespace
}  // namespace symbolon::enroll
