// What is told of an inventory, and when.
#include "enroll/seen_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "revocation/issuer_key.h"

namespace symbolon::enroll {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const x509::DistinguishedName& ca() {
  static const auto name = x509::DistinguishedName::parse("CN=Issuing CA,O=Example Corp").value();
  return name;
}

// As a page of the feed names it.
std::string in_feed(const x509::DistinguishedName& name) {
  const auto key = revocation::IssuerKey::of(name, crypto::Sha256{});
  return to_hex(key.octets) + to_hex(key.name);
}

api::SeenCertificate seen(int number, std::string issuer = ca().text(), std::string route = "web") {
  api::SeenCertificate out;
  out.fingerprint = fmt::format("{:064x}", number);
  out.serial = fmt::format("{:x}", number);
  out.issuer = std::move(issuer);
  out.route = std::move(route);
  return out;
}

struct Inventory {
  std::vector<api::SeenCertificate> all;
  std::size_t a_page = 1000;
  int asked = 0;

  SeenReport::Ask ask() {
    return [this](const api::SeenQuery& query) -> Result<api::SeenPage> {
      ++asked;
      const std::size_t begin = query.after.empty() ? 0 : static_cast<std::size_t>(std::stoul(query.after));
      const std::size_t end = std::min(begin + a_page, all.size());
      api::SeenPage out;
      out.certificates.assign(all.begin() + static_cast<std::ptrdiff_t>(begin),
                              all.begin() + static_cast<std::ptrdiff_t>(end));
      if (end < all.size()) out.next = std::to_string(end);
      return out;
    };
  }
};

std::vector<std::string> next(SeenReport& report) {
  const auto page = report.next({in_feed(ca())}).value();
  report.said(page);
  std::vector<std::string> out;
  for (const api::SeenCertificate& one : page.certificates) out.push_back(one.serial);
  return out;
}

TEST(SeenReport, TellsThoseOfTheAuthoritysCasOnce) {
  Inventory inventory{{seen(1), seen(2, "CN=Somebody else"), seen(3, "no name"), seen(1, ca().text(), "api"),
                       seen(4, "o=example corp,CN=x"), seen(5, "CN=ISSUING ca,O=Example  Corp")}};
  SeenReport report(inventory.ask());
  EXPECT_THAT(next(report), ElementsAre("1", "5")) << "names are compared as RFC 5280 §7.1 says";
  const int asked = inventory.asked;
  inventory.all.push_back(seen(6));
  EXPECT_THAT(next(report), IsEmpty());
  EXPECT_EQ(inventory.asked, asked) << "it rests";
  report.start_anew();
  EXPECT_THAT(next(report), ElementsAre("1", "5", "6")) << "to another process of the authority";
}

TEST(SeenReport, TellsALargeInventoryPieceByPiece) {
  Inventory inventory{.all = {}, .a_page = 150};
  for (int i = 0; i < 500; ++i) inventory.all.push_back(seen(i));
  SeenReport report(inventory.ask());
  std::size_t told = 0;
  for (int i = 0; i < 10; ++i) {
    const auto part = next(report);
    EXPECT_LE(part.size(), SeenReport::kMostTogether);
    told += part.size();
  }
  EXPECT_EQ(told, 500U);
}

TEST(SeenReport, TellsLittleTogetherWhereTextsAreLong) {
  Inventory inventory;
  for (int i = 0; i < 3; ++i) {
    inventory.all.push_back(seen(i));
    inventory.all.back().subject = std::string(SeenReport::kMostOctets - 1000, 'x');
  }
  SeenReport report(inventory.ask());
  EXPECT_THAT(next(report), ElementsAre("0"));
  EXPECT_THAT(next(report), ElementsAre("1"));
  EXPECT_THAT(next(report), ElementsAre("2"));
}

TEST(SeenReport, WhatWasNotTakenIsToldAgain) {
  Inventory inventory{{seen(1)}};
  SeenReport report(inventory.ask());
  EXPECT_EQ(report.next({in_feed(ca())})->certificates.size(), 1U);
  report.start_anew();  // the connection broke
  EXPECT_THAT(next(report), ElementsAre("1"));
}

TEST(SeenReport, AFurtherCaIsLookedFor) {
  Inventory inventory{{seen(1), seen(2, "CN=Second")}};
  SeenReport report(inventory.ask());
  EXPECT_THAT(next(report), ElementsAre("1"));
  const auto second = x509::DistinguishedName::parse("CN=Second").value();
  const auto page = report.next({in_feed(ca()), in_feed(second)}).value();
  ASSERT_EQ(page.certificates.size(), 1U);
  EXPECT_EQ(page.certificates.front().serial, "2");
}

}  // namespace
}  // namespace symbolon::enroll
