// Queries against a ledger, through the search index.
#include <gtest/gtest.h>

#include <set>

#include "ledger/test_support.h"

namespace symbolon::ledger {
namespace {

using namespace test;

class LedgerSearchTest : public testing::Test {
 protected:
  void SetUp() override {
    issuer_ = add_issuer(*ledger_);
    other_issuer_ = add_issuer(*ledger_, "Devices CA");
    web_ = make("web-1.example.com", [](NewIntent&) {});
    device_ = make("device-0001.fleet", [&](NewIntent& intent) {
      intent.issuer = other_issuer_;
      intent.profile = "device";
      intent.requester = "Robot";
      intent.validity.not_after = kNow + kDay * 7;
    });
    work_ = make("billing", [](NewIntent& intent) {
      intent.subject = "CN=billing,OU=Pay\\, Ltd,O=Example Corp";
      intent.profile = "workload";
      intent.names = {{x509::NameKind::uri, "spiffe://example.com/Billing"}, {x509::NameKind::ip, "2001:db8::1"}};
    });
    old_ = make("old.example.com", [](NewIntent& intent) { intent.validity.not_after = kNow - kDay; });
    revoked_ = make("stolen.example.com", [](NewIntent&) {});
    EXPECT_TRUE(ledger_->revoke({.issuer = issuer_, .serial = record(revoked_).serial}));
    reserved_ = ledger_->reserve(intent_for(issuer_, serials_.draw(), "open.example.com")).value();
    abandoned_ = ledger_->reserve(intent_for(issuer_, serials_.draw(), "left.example.com")).value();
    EXPECT_TRUE(ledger_->abandon(abandoned_, "no"));
  }

  template <typename Change>
  CertificateId make(std::string_view host, Change change) {
    NewIntent intent = intent_for(issuer_, serials_.draw(), host);
    change(intent);
    return issue(*ledger_, intent);
  }
  CertificateRecord record(CertificateId id) { return ledger_->certificate(id).value(); }
  std::vector<CertificateId> ids(const std::vector<CertificateRecord>& records) {
    std::vector<CertificateId> out;
    for (const CertificateRecord& each : records) out.push_back(each.id);
    return out;
  }
  std::vector<CertificateId> list(std::string_view text) {
    const Result<Query> query = parse_query(text, kNow);
    EXPECT_TRUE(query) << text;
    if (!query) return {};
    const Result<Listing> listing = ledger_->list(*query, {});
    EXPECT_TRUE(listing) << text;
    return listing ? ids(listing->certificates) : std::vector<CertificateId>{};
  }
  std::vector<CertificateId> find(std::string_view what) { return ids(ledger_->find(what, 10).value()); }
  using Ids = std::vector<CertificateId>;

  Folder folder_;
  TestClock clock_;
  std::unique_ptr<Ledger> ledger_ = SqliteLedger::create(folder_ / "ledger.db", {.clock = &clock_}).value();
  SerialAllocator serials_{ledger_->instance_prefix()};
  IssuerId issuer_, other_issuer_;
  CertificateId web_, device_, work_, old_, revoked_, reserved_, abandoned_;
};

TEST_F(LedgerSearchTest, EverythingNewestFirst) {
  EXPECT_EQ(list(""), (Ids{abandoned_, reserved_, revoked_, old_, work_, device_, web_}));
  EXPECT_EQ(list("sort:oldest"), (Ids{web_, device_, work_, old_, revoked_, reserved_, abandoned_}));
}

TEST_F(LedgerSearchTest, WordsAreFoundAnywhereInSubjectAndNames) {
  EXPECT_EQ(list("web-1"), Ids{web_});
  EXPECT_EQ(list("WEB-1 example"), Ids{web_});
  EXPECT_EQ(list("leet"), Ids{device_});
  EXPECT_EQ(list("spiffe://example.com/billing"), Ids{work_});
  EXPECT_EQ(list("2001:db8::1"), Ids{work_});
  EXPECT_EQ(list("\"example corp\"").size(), 7U);
  EXPECT_EQ(list("nowhere"), Ids{});
  EXPECT_EQ(list("dns"), Ids{});  // the kind of a name is not its text
}

TEST_F(LedgerSearchTest, FieldsNarrow) {
  EXPECT_EQ(list("subject:spiffe"), Ids{});
  EXPECT_EQ(list("san:spiffe"), Ids{work_});
  EXPECT_EQ(list("san:corp"), Ids{});
  EXPECT_EQ(list("san:uri:billing"), Ids{work_});
  EXPECT_EQ(list("san:dns:billing"), Ids{});
  EXPECT_EQ(list("profile:device"), Ids{device_});
  EXPECT_EQ(list("profile:dev"), Ids{});
  EXPECT_EQ(list("profile:dev*"), Ids{device_});
  EXPECT_EQ(list("requester:robot"), Ids{device_});
  EXPECT_EQ(list("issuer:\"devices ca\""), Ids{device_});
  EXPECT_EQ(list("-profile:server -profile:device"), Ids{work_});
  EXPECT_EQ(list("-example"), Ids{});
  EXPECT_EQ(list("-example.com"), Ids{device_});
}

TEST_F(LedgerSearchTest, PatternsFitAWholeNameSubjectOrAttribute) {
  EXPECT_EQ(list("web-*.example.com"), Ids{web_});
  EXPECT_EQ(list("web-*.example"), Ids{});
  EXPECT_EQ(list("san:dns:*.fleet"), Ids{device_});
  EXPECT_EQ(list("subject:bill*g"), Ids{work_});
  EXPECT_EQ(list("subject:\"pay\\\\, ltd\"*"), Ids{work_});
  EXPECT_EQ(list("san:*").size(), 7U);
}

TEST_F(LedgerSearchTest, SerialsAndFingerprintsByTheirBeginning) {
  const CertificateRecord web = record(web_);
  EXPECT_EQ(list(web.serial.hex()), Ids{web_});
  // The first 12 digits are the instance's and the time's: others share them.
  EXPECT_EQ(list("serial:" + web.serial.hex().substr(0, 24)), Ids{web_});
  EXPECT_EQ(list(to_colon_hex(web.serial.magnitude())), Ids{web_});
  EXPECT_EQ(list("fingerprint:" + web.fingerprint->hex().substr(0, 13)), Ids{web_});
  EXPECT_EQ(list(web.fingerprint->hex()), Ids{web_});
  EXPECT_EQ(list("serial:" + web.fingerprint->hex().substr(0, 13)), Ids{});
  EXPECT_EQ(list("serial:*").size(), 7U);
}

TEST_F(LedgerSearchTest, StatesAndTimes) {
  EXPECT_EQ(list("state:revoked"), Ids{revoked_});
  EXPECT_EQ(list("state:expired"), Ids{old_});
  EXPECT_EQ(list("state:reserved"), Ids{reserved_});
  EXPECT_EQ(list("state:abandoned"), Ids{abandoned_});
  EXPECT_EQ(list("state:valid"), (Ids{work_, device_, web_}));
  EXPECT_EQ(list("state:issued"), (Ids{revoked_, old_, work_, device_, web_}));
  EXPECT_EQ(list("expires<30d state:valid"), Ids{device_});
  EXPECT_EQ(list("expires<30d"), (Ids{old_, device_}));
  EXPECT_EQ(list("issued>2099-01-01"), Ids{});
  EXPECT_EQ(list("issued<1d").size(), 5U);
}

TEST_F(LedgerSearchTest, TheSoonestEndingFirst) {
  EXPECT_EQ(list("sort:expires state:issued"), (Ids{old_, device_, web_, work_, revoked_}));
}

TEST_F(LedgerSearchTest, WhatWasJustChangedIsFound) {
  ASSERT_TRUE(ledger_->revoke({.issuer = issuer_, .serial = record(web_).serial}));
  EXPECT_EQ(list("state:revoked"), (Ids{revoked_, web_}));
  EXPECT_EQ(ledger_->status()->index.waiting, 0U);
}

TEST_F(LedgerSearchTest, TheIndexIsTheSameAfterReopening) {
  const std::string_view queries[] = {"state:valid",  "state:revoked",         "profile:device", "spiffe",
                                      "sort:expires", "issuer:\"devices ca\"", "state:abandoned"};
  std::vector<Ids> before;
  for (const std::string_view query : queries) before.push_back(list(query));
  ledger_.reset();
  ledger_ = SqliteLedger::open(folder_ / "ledger.db", {.clock = &clock_}).value();
  for (std::size_t n = 0; n < std::size(queries); ++n) EXPECT_EQ(list(queries[n]), before[n]) << queries[n];
}

TEST_F(LedgerSearchTest, PagesFollowEachOtherWithoutGapsInEveryOrder) {
  for (int n = 0; n < 100; ++n) {
    make(fmt::format("page-{}.example", n), [&](NewIntent& intent) {
      intent.validity.not_after = kNow + kDay * (n * 37 % 10);  // many ends are equal
    });
  }
  for (const std::string_view text : {"page-", "page- sort:oldest", "page- sort:expires", "", "sort:expires"}) {
    const Query query = parse_query(text, kNow).value();
    Ids whole = ids(ledger_->list(query, {.after = {}, .limit = 1000})->certificates);
    Ids pieced;
    std::string after;
    std::size_t pages = 0;
    do {
      const Listing listing = ledger_->list(query, {.after = after, .limit = 9}).value();
      for (const CertificateId id : ids(listing.certificates)) pieced.push_back(id);
      after = listing.next;
      ASSERT_LT(++pages, 20U);
    } while (!after.empty());
    EXPECT_EQ(pieced, whole) << text;
    EXPECT_GE(whole.size(), 100U);
  }
}

TEST_F(LedgerSearchTest, AForeignCursorIsRefused) {
  const Query by_end = parse_query("sort:expires", kNow).value();
  EXPECT_EQ(code_of(ledger_->list(by_end, {.after = "12", .limit = 5})), Code::bad_request);
  EXPECT_EQ(code_of(ledger_->list(by_end, {.after = "1.2x", .limit = 5})), Code::bad_request);
  EXPECT_EQ(code_of(ledger_->list({}, {.after = "x", .limit = 5})), Code::bad_request);
}

TEST_F(LedgerSearchTest, WhatAPersonMayMeanIsFound) {
  const CertificateRecord web = record(web_);
  EXPECT_EQ(find(web.serial.hex()), Ids{web_});
  EXPECT_EQ(find(to_colon_hex(web.serial.magnitude())), Ids{web_});
  EXPECT_EQ(find("dec:" + web.serial.decimal()), Ids{web_});
  EXPECT_EQ(find(web.serial.hex().substr(0, 14)), Ids{web_});
  EXPECT_EQ(find(web.fingerprint->hex()), Ids{web_});
  EXPECT_EQ(find(to_colon_hex(web.fingerprint->octets)), Ids{web_});
  EXPECT_EQ(find("Web-1.example.com"), Ids{web_});
  EXPECT_EQ(find("CN=web-1.example.com,O=Example Corp"), Ids{web_});
  EXPECT_EQ(find("billing"), Ids{work_});
  EXPECT_EQ(find("spiffe://example.com/Billing"), Ids{work_});
  EXPECT_EQ(find("example.com"), Ids{});  // a part of a name is not meant
  EXPECT_EQ(find("web*"), Ids{});
  EXPECT_EQ(find(""), Ids{});
  EXPECT_EQ(find(std::string_view("\x01", 1)), Ids{});
}

TEST_F(LedgerSearchTest, SeveralOfOneNameAreAllCandidates) {
  const CertificateId second = make("web-1.example.com", [](NewIntent&) {});
  EXPECT_EQ(find("web-1.example.com"), (Ids{second, web_}));
}

}  // namespace
}  // namespace symbolon::ledger
