// The keeper against a server in this process, with a clock that is moved by hand; lists are made by
// python3-cryptography.
#include "gateway/crl_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

#include "config/load.h"
#include "gateway/testing/becomes.h"
#include "http/conditional.h"
#include "http/server_fixture.h"
#include "x509/testing/forge.h"
#include "x509/testing/shell.h"

namespace symbolon::gateway {
namespace {

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
};
std::string list(const Wanted& wanted) {
  std::string entries;
  for (const Certificate& one : wanted.revoked)
    entries +=
        fmt::format(R"({}{{"serial": "{}", "at": 1700000000}})", entries.empty() ? "" : ", ", one.serial().hex());
  static_cast<void>(cas());
  return std::string(as_text(forge().make(fmt::format(
      R"({{"crl": true, "issuer": "keep-ca", "number": {}, "this_update": {}, "next_update": {}, "revoked": [{}]}})",
      wanted.number, kNow.count + wanted.begin, kNow.count + wanted.end, entries))));
}

// Answers with one body, and honours its entity tag.
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

 private:
  net::Task<http::Response> answer(http::Request request) {
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

TEST_F(CrlKeeperTest, AFileThatIsWrongChangesNothing) {
  folder.put("ca.crl", list({.number = 7, .revoked = {cas().alice}}));
  const auto keeper = make();
  const auto crls = read("from: ca.crl, issuers: ca.crt, on_stale: grace 10m");
  keep(*keeper, crls);
  EXPECT_EQ(verdict(*keeper, cas().alice), Verdict::revoked);
  folder.put("ca.crl", list({.number = 6}));
  const auto refused = keeper->read(crls, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::crl_number_went_back);
  EXPECT_THAT(refused.error().where, HasSubstr("symbolon.yaml:1:"));
  EXPECT_EQ(verdict(*keeper, cas().alice), Verdict::revoked);
  EXPECT_EQ(keeper->facts().sources.front().failures, 1U);
  folder.put("ca.crl", list({.number = 8}));
  keep(*keeper, crls);
  EXPECT_TRUE(admits(*keeper, cas().alice));
  clock.ahead = 3600 + 601;
  EXPECT_EQ(verdict(*keeper, cas().alice), Verdict::unknown);
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
