#include "gateway/inventory.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>

#include "api/codec.h"
#include "x509/testing/shell.h"

namespace symbolon::gateway {
namespace {

using x509::testing::Folder;

std::string fingerprint_of(const std::string& who) {
  std::string hex;
  for (const char c : who) hex += fmt::format("{:02x}", static_cast<unsigned>(c));
  return hex + std::string(64 - hex.size(), '0');
}

api::SeenCertificate seen(const std::string& who, std::int64_t not_after, std::int64_t at,
                          const std::string& route = "web") {
  return {.fingerprint = fingerprint_of(who),
          .serial = "01",
          .issuer = "CN=Issuing",
          .subject = "CN=" + who,
          .identity = who,
          .route = route,
          .address = "192.0.2." + std::to_string(at % 256),
          .not_after = {not_after},
          .first_seen = {at},
          .last_seen = {at},
          .times = 1};
}

std::unique_ptr<Inventory> opened(const std::optional<Path>& file, const InventoryLimits& limits = {}) {
  auto inventory = Inventory::open(file, limits);
  EXPECT_TRUE(inventory.has_value());
  return *std::move(inventory);
}

std::string names(const Inventory& inventory, const api::SeenQuery& query = {}) {
  std::string out;
  const auto page = inventory.list(query);
  for (const auto& one : page->certificates) out += one.identity + "@" + one.route + " ";
  return out;
}

TEST(Inventory, ListsTheSoonestEndingFirstAndByPages) {
  const auto inventory = opened(std::nullopt);
  inventory->merge({seen("late", 300, 1), seen("soon", 100, 1), seen("middle", 200, 1, "api"), seen("middle", 200, 1)},
                   {50});
  EXPECT_EQ(names(*inventory), "soon@web middle@api middle@web late@web ");
  api::SeenQuery query{.query = {}, .after = {}, .limit = 1};
  std::string all;
  for (int pages = 0; pages < 9; ++pages) {
    const auto page = inventory->list(query);
    ASSERT_TRUE(page);
    ASSERT_EQ(page->certificates.size(), 1U);
    all += page->certificates.front().identity + " ";
    if (!page->next) break;
    query.after = *page->next;
  }
  EXPECT_EQ(all, "soon middle middle late ");
  EXPECT_EQ(names(*inventory, {.query = "CN=MIDDLE api", .after = {}, .limit = 9}), "middle@api ");
  EXPECT_EQ(names(*inventory, {.query = "nobody", .after = {}, .limit = 9}), "");
}

TEST(Inventory, RefusesWhatIsNoCursor) {
  const auto inventory = opened(std::nullopt);
  for (const std::string after : {"x", "1", "1.", "1.a", "9999999999999999999999.a.b", ".a.b"}) {
    const auto page = inventory->list({.query = {}, .after = after, .limit = 1});
    ASSERT_FALSE(page) << after;
    EXPECT_EQ(page.error().code, Code::bad_request);
  }
}

TEST(Inventory, AddsUpAndKeepsTheLatestPlace) {
  const auto inventory = opened(std::nullopt);
  inventory->merge({seen("alice", 100, 20)}, {30});
  inventory->merge({seen("alice", 100, 10)}, {30});
  const auto page = inventory->list({});
  ASSERT_EQ(page->certificates.size(), 1U);
  const auto& alice = page->certificates.front();
  EXPECT_EQ(alice.times, 2);
  EXPECT_EQ(alice.first_seen.count, 10);
  EXPECT_EQ(alice.last_seen.count, 20);
  EXPECT_EQ(alice.address, "192.0.2.20");
}

TEST(Inventory, NamesTheSoonestOfThoseThatHaveNotEnded) {
  const auto inventory = opened(std::nullopt);
  inventory->merge({seen("ended", 10, 1), seen("soon", 50, 1), seen("late", 90, 1), seen("other", 70, 1, "api")}, {5});
  const auto soonest = inventory->soonest({50});
  ASSERT_EQ(soonest.size(), 2U);
  EXPECT_EQ(soonest.at("web").identity, "soon");
  EXPECT_EQ(soonest.at("api").identity, "other");
}

TEST(Inventory, SurvivesARestart) {
  const Folder folder;
  const Path file = folder / "seen.ndjson";
  {
    const auto inventory = opened(file);
    inventory->merge({seen("alice", 100, 1), seen("bob", 200, 2)}, {5});
    ASSERT_TRUE(inventory->save());
    inventory->merge({seen("alice", 100, 3)}, {5});
    ASSERT_TRUE(inventory->save());
  }
  EXPECT_EQ(std::filesystem::status(file).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const auto again = opened(file);
  EXPECT_EQ(names(*again), "alice@web bob@web ");
  EXPECT_EQ(again->list({})->certificates.front().times, 2);
}

TEST(Inventory, PassesOverATornLineAndNeverAppendsToIt) {
  const Folder folder;
  const Path file = folder / "seen.ndjson";
  folder.put("seen.ndjson", api::encode(seen("alice", 100, 1)) + "\nnot json\n" + R"({"fingerprint":"to)");
  {
    const auto inventory = opened(file);
    EXPECT_EQ(inventory->unreadable_lines(), 2U);
    inventory->merge({seen("bob", 200, 2)}, {5});
    ASSERT_TRUE(inventory->save());
  }
  EXPECT_EQ(names(*opened(file)), "alice@web bob@web ");
}

TEST(Inventory, PassesOverWhatNoGatewayWrites) {
  auto dotted = seen("alice", 100, 1);
  dotted.fingerprint = "aa.web";
  auto negative = seen("bob", 100, 1);
  negative.times = -1;
  auto often = seen("carol", 100, 1);
  often.times = std::numeric_limits<std::int64_t>::max();
  const auto inventory =
      Inventory::of_text(api::encode(dotted) + "\n" + api::encode(negative) + "\n" + api::encode(often) + "\n");
  EXPECT_EQ(inventory->unreadable_lines(), 2U);
  inventory->merge({seen("carol", 100, 2)}, {5});
  EXPECT_EQ(inventory->list({})->certificates.front().times, often.times);
}

TEST(Inventory, WritesItsFileAnewWhenMostOfItIsSuperseded) {
  const Folder folder;
  const Path file = folder / "seen.ndjson";
  const auto inventory = opened(file);
  std::uintmax_t largest = 0;
  for (int i = 0; i < 1200; ++i) {
    inventory->merge({seen("alice", 100, i)}, {5});
    ASSERT_TRUE(inventory->save());
    largest = std::max(largest, std::filesystem::file_size(file));
  }
  EXPECT_LT(std::filesystem::file_size(file), largest / 2);
  EXPECT_EQ(opened(file)->list({})->certificates.front().times, 1200);
}

TEST(Inventory, KeepsWhatCouldNotBeWrittenForTheNextTime) {
  const Folder folder;
  const Path file = folder / "missing/seen.ndjson";
  const auto inventory = opened(file);
  inventory->merge({seen("alice", 100, 1)}, {5});
  EXPECT_EQ(inventory->save().error().code, Code::file_unwritable);
  ASSERT_TRUE(make_folder(folder / "missing", 0700));
  ASSERT_TRUE(inventory->save());
  EXPECT_EQ(names(*opened(file)), "alice@web ");
}

TEST(Inventory, IsBounded) {
  const auto inventory = opened(std::nullopt, {.most = 64});
  inventory->merge({seen("ended", 1, 999)}, {5});
  for (int i = 0; i < 1000; ++i) inventory->merge({seen("c" + std::to_string(i), 100 + i % 7, i)}, {5});
  EXPECT_LE(inventory->size(), 64U);
  EXPECT_EQ(names(*inventory, {.query = "ended", .after = {}, .limit = 9}), "") << "ended ones go first";
  EXPECT_NE(names(*inventory, {.query = "cn=c999", .after = {}, .limit = 9}), "") << "the latest stays";
  EXPECT_EQ(names(*inventory, {.query = "cn=c0", .after = {}, .limit = 9}), "");
  std::vector<api::SeenCertificate> at_once;
  for (int i = 0; i < 1000; ++i) at_once.push_back(seen("d" + std::to_string(i), 100, 5000));
  inventory->merge(at_once, {5});
  EXPECT_LE(inventory->size(), 64U);
}

}  // namespace
}  // namespace symbolon::gateway
