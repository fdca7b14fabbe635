// The keeper against a server in this process, with a clock that is moved by hand; lists are made by
// python3-cryptography.
#include "gateway/crl_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>

#include "config/load.h"
#include "gateway/testing/becomes.h"
#include "http/conditional.h"
#include "http/server_fixture.h"
#include "x509/testing/forge.h"
#include "x509/testing/shell.h"

namespace symbolon::gateway {
namespace {

namespace asio = boost::asio;
using gateway::testing::becomes;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using x509::Certificate;
using x509::testing::Folder;
using x509::testing::forge;
using x509::testing::kNow;
using Verdict = x509::RevocationChecker::Status;

constexpr CrlTimes kSoon{.first_retry = milliseconds(20), .longest_retry = milliseconds(50), .look = milliseconds(5)};

class MovedClock final : public Clock {
 public:
  UnixSeconds now() const override {
    ++looks;
    return kNow + Seconds{ahead};
  }
  mutable std::atomic<int> looks{0};
  std::atomic<std::int64_t> ahead{0};
};

struct Cas {
  Certificate ca = forge().ca("keep-ca", "Keep CA");
  Certificate alice = forge().client("keep-alice", "alice", "keep-ca");
  Certificate bob = forge().client("keep-bob", "bob", "keep-ca");
};
const Cas& cas() {
  static const Cas cas;
  return cas;
}

struct Wanted {
  int number = 1;
  std::vector<Certificate> revoked = {};
  std::int64_t begin = -60;
  std::int64_t end = 3600;
  std::optional<int> base = {};  // a delta
};
std::string list(const Wanted& wanted) {
  std::string entries;
  for (const Certificate& one : wanted.revoked)
    entries +=
        fmt::format(R"({}{{"serial": "{}", "at": 1700000000}})", entries.empty() ? "" : ", ", one.serial().hex());
  static_cast<void>(cas());
  const std::string indicator =
      wanted.base ? fmt::format(R"({{"oid": "2.5.29.27", "critical": true, "value": "0201{:02x}"}})", *wanted.base)
                  : std::string();
  return std::string(as_text(forge().make(fmt::format(
      R"({{"crl": true, "issuer": "keep-ca", "number": {}, "this_update": {}, "next_update": {}, "revoked": [{}], "extensions": [{}]}})",
      wanted.number, kNow.count + wanted.begin, kNow.count + wanted.end, entries, indicator))));
}

// Answers with one body, and honours its entity tag; each answer may be held back until it is let go.
class ListServer {
 public:
  ListServer()
      : server_(context_.get(), [this](http::Request r, const http::Caller&) { return answer(std::move(r)); }, {}) {
    port = server_.listen(net::Endpoint::parse("127.0.0.1:0").value())->port;
  }
  ~ListServer() {
    server_.stop();
    context_.finish();
  }
  void serve(std::string body) {
    const std::scoped_lock lock(mutex_);
    body_ = std::move(body);
    ++version_;
  }
  std::uint16_t port = 0;
  std::atomic<int> whole{0};
  std::atomic<int> unchanged{0};
  std::atomic<bool> holds{false};
  std::atomic<int> held{0};  // answers

 private:
  net::Task<http::Response> answer(http::Request request) {
    ++held;
    while (holds) {
      asio::steady_timer timer(co_await asio::this_coro::executor, milliseconds(5));
      co_await timer.async_wait(asio::use_awaitable);
    }
    --held;
    const std::scoped_lock lock(mutex_);
    if (body_.empty()) co_return http::make_response(503, "text/plain", "away");
    const std::string tag = fmt::format("\"{}\"", version_);
    const bool has_it = http::has_it(request.headers, tag, "");
    ++(has_it ? unchanged : whole);
    http::Response out = http::make_response(has_it ? 304 : 200, "application/pkix-crl", has_it ? "" : body_);
    out.headers.add("ETag", tag);
    co_return out;
  }
  std::mutex mutex_;
  std::string body_;
  int version_ = 0;
  http::RunningContext context_;
  http::Server server_;
};

class CrlKeeperTest : public ::testing::Test {
 protected:
  CrlKeeperTest() { folder.put("ca.crt", cas().ca.pem()); }

  std::unique_ptr<CrlKeeper> make() {
    return std::make_unique<CrlKeeper>(CrlKeeper::Parts{
        .clock = &clock, .folder = folder.path() / "kept", .changed = [this] { ++changes; }, .times = kSoon});
  }
  std::vector<CrlConfig> at_server(const std::string& more = "refresh: 10m") const {
    return read(fmt::format("from: http://127.0.0.1:{}/ca.crl, issuers: ca.crt, {}", server.port, more));
  }
  std::vector<CrlConfig> read(const std::string& entry) const {
    struct Section {
      std::vector<CrlConfig> crls;
    };
    config::Table<Section> table("");
    table.required("crls", &Section::crls, crls_value(), "");
    auto section = config::load("crls: [ { " + entry + " } ]", folder / "symbolon.yaml", table).result();
    EXPECT_TRUE(section) << section.error().text();
    return std::move(section->crls);
  }
  void keep(CrlKeeper& keeper, const std::vector<CrlConfig>& crls) const {
    auto next = keeper.read(crls, {});
    ASSERT_TRUE(next) << next.error().text();
    keeper.keep(std::move(*next));
  }
  // The file that the keeper left; empty: there is none yet.
  Path copy_of_list() const {
    std::error_code problem;
    for (const auto& one : std::filesystem::directory_iterator(folder.path() / "kept", problem)) {
      if (one.path().extension() == ".crl") return one.path();
    }
    return {};
  }
  Verdict verdict(const CrlKeeper& keeper, const Certificate& subject) const {
    return keeper.checker()->check_certificate(cas().ca, subject, clock.now()).status;
  }
  bool admits(const CrlKeeper& keeper, const Certificate& subject) const {
    return verdict(keeper, subject) == Verdict::good;
  }

  Folder folder;
  MovedClock clock;
  ListServer server;
  std::atomic<int> changes{0};
};

TEST_F(CrlKeeperTest, NobodyIsGoodBeforeTheFirstListCame) {
  const auto keeper = make();
  keep(*keeper, at_server());
  EXPECT_EQ(verdict(*keeper, cas().bob), Verdict::unknown);
  ASSERT_TRUE(becomes([&] { return keeper->facts().sources.front().failures > 1; }));
  EXPECT_THAT(keeper->warnings(), ElementsAre(HasSubstr("was not fetched yet")));
  EXPECT_THAT(keeper->checker()->check_certificate(cas().ca, cas().bob, kNow).detail, HasSubstr("503"));
  server.serve(list({.revoked = {cas().alice}}));
  ASSERT_TRUE(becomes([&] { return admits(*keeper, cas().bob); }));
  EXPECT_EQ(verdict(*keeper, cas().alice), Verdict::revoked);
  ASSERT_TRUE(becomes([&] { return changes == 1; }));
  EXPECT_THAT(keeper->warnings(), IsEmpty());
  EXPECT_EQ(keeper->facts().lists.front().entries, 1U);
}

TEST_F(CrlKeeperTest, IsAskedForAgainInTimeAndNotSentAgain) {
  server.serve(list({}));
  const auto keeper = make();
  keep(*keeper, at_server());
  ASSERT_TRUE(becomes([&] { return admits(*keeper, cas().alice); }));
  clock.ahead = 599;
  const int looked = clock.looks;
  ASSERT_TRUE(becomes([&] { return clock.looks > looked + 4; })) << "it looks at the clock, and does not ask";
  EXPECT_EQ(server.unchanged, 0);
  clock.ahead = 601;
  ASSERT_TRUE(becomes([&] { return server.unchanged == 1; }));
  EXPECT_EQ(server.whole, 1);
  server.serve(list({.number = 2, .revoked = {cas().alice}}));
  clock.ahead = 1300;
  ASSERT_TRUE(becomes([&] { return verdict(*keeper, cas().alice) == Verdict::revoked; }));
  ASSERT_TRUE(becomes([&] { return changes == 2; }));
}

TEST_F(CrlKeeperTest, AtHalfOfTheTimeThatIsLeftWithoutRefresh) {
  server.serve(list({.end = 600}));
  const auto keeper = make();
  keep(*keeper, at_server("on_stale: refuse"));
  ASSERT_TRUE(becomes([&] { return admits(*keeper, cas().alice); }));
  clock.ahead = 301;
  ASSERT_TRUE(becomes([&] { return server.unchanged == 1; }));
  clock.ahead = 500;
  EXPECT_TRUE(becomes([&] { return !keeper->warnings().empty(); }));
  EXPECT_THAT(keeper->warnings(), ElementsAre(HasSubstr("no newer one came")));
  EXPECT_TRUE(admits(*keeper, cas().alice));
  clock.ahead = 601;
  EXPECT_EQ(verdict(*keeper, cas().alice), Verdict::unknown);
  EXPECT_THAT(keeper->warnings(), ElementsAre(HasSubstr("certificates of that CA are refused")));
}

TEST_F(CrlKeeperTest, AnOlderOneIsRefusedAlsoAfterARestart) {
  server.serve(list({.number = 7, .revoked = {cas().alice}}));
  {
    const auto keeper = make();
    keep(*keeper, at_server());
    ASSERT_TRUE(becomes([&] { return admits(*keeper, cas().bob); }));
    server.serve(list({.number = 6}));
    keep(*keeper, at_server());  // as a reload does: it asks at once
    ASSERT_TRUE(becomes([&] { return keeper->facts().sources.front().failures > 0; }));
    EXPECT_EQ(verdict(*keeper, cas().alice), Verdict::revoked);
  }
  const auto again = make();
  keep(*again, at_server());
  EXPECT_TRUE(admits(*again, cas().bob)) << "from the copy, before the server has said anything";
  ASSERT_TRUE(becomes([&] { return again->facts().sources.front().failures > 0; }));
  EXPECT_EQ(verdict(*again, cas().alice), Verdict::revoked);
  EXPECT_THAT(again->warnings(), ElementsAre(HasSubstr("cannot be refreshed")));
}

TEST_F(CrlKeeperTest, ADamagedCopyIsNoneAndTheOthersGo) {
  server.serve(list({}));
  {
    const auto keeper = make();
    keep(*keeper, at_server());
    ASSERT_TRUE(becomes([&] { return !copy_of_list().empty(); }));
  }
  const Path copy = copy_of_list();
  std::filesystem::resize_file(copy, 20);
  server.serve("");
  {
    const auto keeper = make();
    keep(*keeper, at_server());
    EXPECT_EQ(verdict(*keeper, cas().bob), Verdict::unknown);
    keep(*keeper, {});
    EXPECT_TRUE(admits(*keeper, cas().bob)) << "nobody is spoken for";
  }
  EXPECT_FALSE(std::filesystem::exists(copy));
}

TEST_F(CrlKeeperTest, OnlySoManyAreFetchedAtATime) {
  server.serve(list({}));
  server.holds = true;
  std::string entries;
  constexpr int kUrls = 20;
  for (int i = 0; i < kUrls; ++i)
    entries +=
        fmt::format("{}from: http://127.0.0.1:{}/{}.crl, issuers: ca.crt", i == 0 ? "" : " }, { ", server.port, i);
  const auto keeper = make();
  keep(*keeper, read(entries));
  ASSERT_TRUE(becomes([&] { return server.held == 8; }));
  const int looked = clock.looks;
  ASSERT_TRUE(becomes([&] { return clock.looks > looked + 4; })) << "it goes on, and does not ask";
  EXPECT_EQ(server.held, 8);
  server.holds = false;
  ASSERT_TRUE(becomes([&] { return server.whole == kUrls; })) << "the others had their turn";
  ASSERT_TRUE(becomes([&] { return admits(*keeper, cas().bob); }));
}

TEST_F(CrlKeeperTest, MayEndWhileManyAreAsked) {
  server.holds = true;
  server.serve(list({}));
  {
    const auto keeper = make();
    keep(*keeper, at_server());
    ASSERT_TRUE(becomes([&] { return server.held == 1; }));
  }
  server.holds = false;
}

TEST_F(CrlKeeperTest, AFolderThatTakesNothingHoldsNoListUp) {
  folder.put("kept", "a file where the folder should be");
  server.serve(list({.revoked = {cas().alice}}));
  const auto keeper = make();
  keep(*keeper, at_server());
  ASSERT_TRUE(becomes([&] { return admits(*keeper, cas().bob); }));
  EXPECT_EQ(verdict(*keeper, cas().alice), Verdict::revoked);
}

TEST_F(CrlKeeperTest, WhatWasArrivingWhenItWasKilledGoes) {
  std::filesystem::create_directory(folder.path() / "kept");
  folder.put("kept/x.crl.0011.part", "half of a list");
  server.serve(list({}));
  const auto keeper = make();
  keep(*keeper, at_server());
  ASSERT_TRUE(becomes([&] { return !copy_of_list().empty(); }));
  for (const auto& one : std::filesystem::directory_iterator(folder.path() / "kept"))
    EXPECT_EQ(one.path().extension(), ".crl") << one.path();
  EXPECT_EQ(std::filesystem::status(copy_of_list()).permissions(), std::filesystem::perms(0600));
}

TEST_F(CrlKeeperTest, AFileThatIsWrongChangesNothing) {
  folder.put("ca.crl", list({.number = 7, .revoked = {cas().alice}}));
  const auto keeper = make();
  const auto crls = read("from: ca.crl, issuers: ca.crt, on_stale: grace 10m");
  keep(*keeper, crls);
  EXPECT_EQ(verdict(*keeper, cas().alice), Verdict::revoked);
  folder.put("ca.crl", list({.number = 6}));
  keep(*keeper, crls);
  EXPECT_EQ(verdict(*keeper, cas().alice), Verdict::revoked);
  EXPECT_EQ(keeper->facts().sources.front().failures, 1U);
  EXPECT_THAT(keeper->warnings(), ElementsAre(HasSubstr("has the number 0x06")));
  std::filesystem::remove(folder.path() / "ca.crl");
  keep(*keeper, crls);
  EXPECT_EQ(verdict(*keeper, cas().alice), Verdict::revoked);
  EXPECT_EQ(keeper->facts().sources.front().failures, 2U);
  folder.put("ca.crl", list({.number = 8}));
  keep(*keeper, crls);
  EXPECT_TRUE(admits(*keeper, cas().alice));
  EXPECT_THAT(keeper->warnings(), IsEmpty());
  EXPECT_EQ(keeper->facts().sources.front().failures, 2U);
  clock.ahead = 3600 + 601;
  EXPECT_EQ(verdict(*keeper, cas().alice), Verdict::unknown);
}

TEST_F(CrlKeeperTest, OneFileThatIsWrongDoesNotHoldUpTheOthers) {
  folder.put("ca.crl", list({.number = 7}));
  folder.put("more.crl", list({.number = 7}));
  const auto keeper = make();
  const auto crls = read("from: ca.crl, issuers: ca.crt }, { from: more.crl, issuers: ca.crt");
  keep(*keeper, crls);
  folder.put("ca.crl", "garbage");
  folder.put("more.crl", list({.number = 8, .revoked = {cas().alice}}));
  keep(*keeper, crls);
  EXPECT_EQ(verdict(*keeper, cas().alice), Verdict::revoked) << "the other file counts";
  EXPECT_TRUE(admits(*keeper, cas().bob));
  EXPECT_THAT(keeper->warnings(), ElementsAre(HasSubstr("ca.crl cannot be refreshed")));
}

TEST_F(CrlKeeperTest, AnEntryThatIsNewOrSaysSomethingElseMustBeRight) {
  folder.put("ca.crl", list({.number = 7}));
  folder.put("wrong.crl", "garbage");
  const auto keeper = make();
  keep(*keeper, read("from: ca.crl, issuers: ca.crt"));
  const auto added = keeper->read(read("from: ca.crl, issuers: ca.crt }, { from: wrong.crl, issuers: ca.crt"), {});
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, Code::crl_malformed);
  EXPECT_THAT(added.error().where, HasSubstr("symbolon.yaml:1:"));
  EXPECT_FALSE(keeper->read(read("from: ca.crl, issuers: nowhere.crt"), {}));
}

TEST_F(CrlKeeperTest, ADeltaInAFileOfItsOwnOrBesideItsBase) {
  folder.put("ca.crl", list({.number = 5}));
  folder.put("delta.crl", list({.number = 6, .revoked = {cas().alice}, .end = 7200, .base = 5}));
  const auto keeper = make();
  const auto crls = read("from: ca.crl, issuers: ca.crt }, { from: delta.crl, issuers: ca.crt, on_stale: refuse");
  keep(*keeper, crls);
  EXPECT_EQ(verdict(*keeper, cas().alice), Verdict::revoked);
  EXPECT_TRUE(admits(*keeper, cas().bob));
  clock.ahead = 7199;
  EXPECT_TRUE(admits(*keeper, cas().bob)) << "as fresh as the delta";
  for (const auto& one : keeper->facts().lists) EXPECT_EQ(one.next_update, kNow + Seconds{7200}) << one.source;
  EXPECT_THAT(keeper->warnings(), ElementsAre(HasSubstr("no newer one came")));
  clock.ahead = 7201;
  EXPECT_EQ(verdict(*keeper, cas().bob), Verdict::unknown);
  EXPECT_THAT(keeper->warnings(), ElementsAre(HasSubstr("delta CRL")));
}

TEST_F(CrlKeeperTest, ADeltaAloneIsRefusedAtAStartAndSaidAtAReload) {
  folder.put("delta.crl", list({.number = 6, .base = 5}));
  const auto keeper = make();
  const auto alone = read("from: delta.crl, issuers: ca.crt");
  const auto refused = keeper->read(alone, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::crl_base_missing);
  EXPECT_THAT(refused.error().where, HasSubstr("symbolon.yaml:1:"));
  folder.put("ca.crl", list({.number = 5}));
  const auto both = read("from: ca.crl, issuers: ca.crt }, { from: delta.crl, issuers: ca.crt");
  keep(*keeper, both);
  folder.put("delta.crl", list({.number = 9, .revoked = {cas().alice}, .base = 8}));
  keep(*keeper, both);
  EXPECT_THAT(keeper->warnings(), ElementsAre(HasSubstr("builds on the full CRL 0x08")));
  EXPECT_TRUE(admits(*keeper, cas().bob));
  folder.put("ca.crl", list({.number = 8}));
  keep(*keeper, both);
  EXPECT_EQ(verdict(*keeper, cas().alice), Verdict::revoked) << "it was looked at again";
  EXPECT_THAT(keeper->warnings(), IsEmpty());
}

TEST_F(CrlKeeperTest, ADeltaMayComeBeforeItsBaseFromAServer) {
  folder.put("delta.crl", list({.number = 6, .revoked = {cas().alice}, .base = 5}));
  const auto keeper = make();
  keep(*keeper,
       read(fmt::format("from: delta.crl, issuers: ca.crt }}, {{ from: http://127.0.0.1:{}/ca.crl, issuers: ca.crt",
                        server.port)));
  EXPECT_EQ(verdict(*keeper, cas().alice), Verdict::revoked);
  EXPECT_EQ(verdict(*keeper, cas().bob), Verdict::unknown);
  EXPECT_THAT(keeper->warnings(), ::testing::Contains(HasSubstr("builds on the full CRL 0x05")));
  server.serve(list({.number = 5}));
  ASSERT_TRUE(becomes([&] { return admits(*keeper, cas().bob); }));
  EXPECT_EQ(verdict(*keeper, cas().alice), Verdict::revoked);
  EXPECT_THAT(keeper->warnings(), IsEmpty());
}

TEST_F(CrlKeeperTest, AnIssuerWhoseListLeftTheFileIsStillAskedFor) {
  const Certificate other = forge().ca("keep-other", "Other CA");
  const std::string of_other = std::string(as_text(forge().make(
      fmt::format(R"({{"crl": true, "issuer": "keep-other", "this_update": {}, "next_update": {}, "number": 1}})",
                  kNow.count - 60, kNow.count + 3600))));
  const auto crls = read("from: ca.crl");
  const auto keeper = make();
  const auto take = [&](const std::string& content) {
    folder.put("ca.crl", content);
    auto next = keeper->read(crls, {cas().ca, other});
    ASSERT_TRUE(next) << next.error().text();
    keeper->keep(std::move(*next));
  };
  take(list({}));
  EXPECT_TRUE(admits(*keeper, cas().bob));
  take(of_other);
  EXPECT_EQ(verdict(*keeper, cas().bob), Verdict::unknown);
  take(of_other);
  EXPECT_EQ(verdict(*keeper, cas().bob), Verdict::unknown);
  take(list({}));
  EXPECT_TRUE(admits(*keeper, cas().bob));
}

}  // namespace
}  // namespace symbolon::gateway
