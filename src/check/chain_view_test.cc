#include "check/chain_view.h"

#include <gtest/gtest.h>

#include "check/testing/meetings.h"

namespace symbolon::check {
namespace {

using testing::forge;
using testing::Forge;
using testing::kNow;

std::string usage(const char* id, std::string_view rest) { return usage_text(forge().certificate(id, id, "", rest)); }

TEST(ChainView, UsagesHaveTheNamesOfTheStandard) {
  EXPECT_EQ(usage("u-client", Forge::kClient), "digitalSignature; for clientAuth");
  EXPECT_EQ(usage("u-ca", Forge::kCa), "keyCertSign, cRLSign; a CA");
  EXPECT_EQ(usage("u-low", R"("basic": {"ca": true, "path": 0})"), "not limited; a CA with no CA below it");
  EXPECT_EQ(usage("u-none", R"("basic": {"ca": false})"), "not limited");
  EXPECT_EQ(usage("u-odd", R"("eku": ["1.2.3.4"])"), "for 1.2.3.4");
}

TEST(ChainView, LifeIsSaidFromEverySide) {
  const x509::Validity day{kNow, kNow + kDay};
  EXPECT_NE(life_text(day, kNow - kDay).find("(begins in 1 day)"), std::string::npos);
  EXPECT_NE(life_text(day, kNow).find("(1 day left)"), std::string::npos);
  EXPECT_NE(life_text(day, kNow + kDay * 3).find("(ended 2 days ago)"), std::string::npos);
}

TEST(ChainView, IsBoundedAndFindsTheGap) {
  Observation seen = testing::meeting();
  EXPECT_TRUE(server_chain_view(seen).certificates[0].gap.empty());
  EXPECT_EQ(client_chain_view(seen).certificates[0].spent, 100);
  EXPECT_LT(server_chain_view(seen).certificates[0].spent, 20);
  const x509::Certificate leaf = seen.tls->server_chain.front();
  seen.tls->server_chain.assign(200, leaf);
  const ChainView view = server_chain_view(seen);
  EXPECT_EQ(view.certificates.size(), ChainLimits::kCertificates);
  EXPECT_EQ(view.omitted, fmt::format("and {} more", 200 - ChainLimits::kCertificates));
  EXPECT_FALSE(view.certificates[0].gap.empty());
}

}  // namespace
}  // namespace symbolon::check
