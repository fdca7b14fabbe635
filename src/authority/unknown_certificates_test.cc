// What gateways have seen, held against the ledger of a Home.
#include "authority/unknown_certificates.h"

#include "authority/feed_fixture.h"
#include "authority/gateway_desk.h"

namespace symbolon::authority {
namespace {

class UnknownCertificatesTest : public FeedTest {
 protected:
  const Issuer& issuing() const { return *issuers_->select(std::nullopt, kNow).value(); }
  // As a gateway notes it.
  api::SeenCertificate seen(const std::string& serial, const std::string& fingerprint) const {
    return {.fingerprint = fingerprint,
            .serial = serial,
            .issuer = issuing().certificate.subject().text(),
            .subject = "CN=somebody",
            .identity = "CN=somebody",
            .route = "web",
            .address = "192.0.2.1",
            .not_after = kNow + kDay,
            .first_seen = kNow,
            .last_seen = kNow,
            .times = 1};
  }
  api::SeenCertificate seen_unknown(int number) const {
    return seen(fmt::format("{:06x}", 0xbad000 + number), fmt::format("{:064x}", number));
  }
  std::vector<std::string> report(std::vector<api::SeenCertificate> certificates,
                                  const std::string& gateway = "web-1") {
    const auto answer = home_.authority->report_seen({.certificates = std::move(certificates), .next = {}}, gateway);
    EXPECT_TRUE(answer) << answer.error().text();
    return serials_of(*answer);
  }
  std::vector<std::string> listed() { return serials_of(home_.authority->seen_unknown().value()); }
  static std::vector<std::string> serials_of(const api::SeenPage& page) {
    std::vector<std::string> out;
    for (const api::SeenCertificate& one : page.certificates) out.push_back(one.serial);
    return out;
  }

  std::shared_ptr<const IssuerSet> issuers_ = home_.authority->issuance().issuers();
};

TEST_F(UnknownCertificatesTest, OnlyWhatACaHereIssuedAndTheLedgerDoesNotKnow) {
  const auto known = home_.issue("client", {"alice"})->summary;
  auto foreign = seen_unknown(1);
  foreign.issuer = "CN=Somebody else";
  auto ended = seen_unknown(2);
  ended.not_after = kNow - Seconds{1};
  auto nonsense = seen_unknown(3);
  nonsense.serial = "no serial";
  const auto unknown = seen_unknown(4);
  EXPECT_EQ(report({seen(known.serial, known.fingerprint), foreign, ended, nonsense, unknown}),
            std::vector{unknown.serial});
  EXPECT_EQ(listed(), std::vector{unknown.serial});
  EXPECT_EQ(home_.authority->seen_unknown()->certificates.front().route, "web-1: web");
  EXPECT_EQ(report({unknown}, "web-2"), std::vector{unknown.serial});
  EXPECT_EQ(listed().size(), 1U) << "it is one certificate";
}

TEST_F(UnknownCertificatesTest, AnotherCertificateOfAKnownSerialIsUnknown) {
  const auto known = home_.issue("client", {"alice"})->summary;
  EXPECT_EQ(report({seen(known.serial, std::string(64, 'a'))}), std::vector{known.serial});
}

TEST_F(UnknownCertificatesTest, WhatIsBarredOrHasEndedIsNotListedAnyMore) {
  auto soon = seen_unknown(1);
  soon.not_after = kNow + kHour;
  const auto barred = seen_unknown(2);
  const auto left = seen_unknown(3);
  report({barred, left, soon});
  EXPECT_EQ(listed(), (std::vector{soon.serial, barred.serial, left.serial})) << "soonest ending first";
  api::RevocationRequest request{.what = barred.serial};
  request.unknown = true;
  ASSERT_TRUE(home_.authority->revoke(request, kTester));
  home_.clock.set(kNow + kHour * 2);
  EXPECT_EQ(listed(), std::vector{left.serial});
  EXPECT_TRUE(report({barred}).empty());
}

TEST_F(UnknownCertificatesTest, TheyAreBounded) {
  for (std::size_t i = 0; i < UnknownCertificates::kMost + 10; ++i) report({seen_unknown(static_cast<int>(i))});
  EXPECT_EQ(listed().size(), UnknownCertificates::kMost);
}

TEST_F(UnknownCertificatesTest, TheGatewayBesideSpeaksForThisMachineAlone) {
  GatewayDesk desk(*home_.authority, {});
  ASSERT_TRUE(desk.report_seen({.certificates = {seen_unknown(1)}, .next = {}}, "web-9"));
  EXPECT_EQ(home_.authority->seen_unknown()->certificates.front().route, "local: web");
}

// From the inventory of a gateway to the authority, and again to the next process of that.
TEST_F(UnknownCertificatesTest, AFollowerTellsWhatItsGatewayHasSeen) {
  const auto wait_listed = [&] {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (listed().empty() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    return listed();
  };
  const auto known = home_.issue("client", {"alice"})->summary;
  const auto unknown = seen_unknown(1);
  auto foreign = seen_unknown(2);
  foreign.issuer = "CN=Somebody else";
  auto serving = std::make_unique<Serving>(home_);
  const auto follower = follow(*serving, milliseconds(50));
  follower->report_seen([&](const api::SeenQuery&) -> Result<api::SeenPage> {
    return api::SeenPage{{seen(known.serial, known.fingerprint), foreign, unknown}, {}};
  });
  EXPECT_EQ(wait_listed(), std::vector{unknown.serial});
  serving.reset();
  home_.open();
  EXPECT_TRUE(listed().empty());
  serving = std::make_unique<Serving>(home_);
  EXPECT_EQ(wait_listed(), std::vector{unknown.serial});
  follower->report_seen({});
}

}  // namespace
}  // namespace symbolon::authority
