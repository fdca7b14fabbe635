#include "tls/context.h"

#include "tls/testing/meeting.h"

namespace symbolon::tls {
namespace {

using namespace testing;

TEST(ServerContext, ListsOfCaNamesStayFarBelowWhatAHandshakeCanHold) {
  std::vector<x509::Certificate> many;
  for (int i = 0; i < 450; ++i) many.push_back(forge().ca(fmt::format("c-many-{}", i), fmt::format("{:060}", i)));
  ServerOptions options = house().options();
  options.clients.trust = trust(many);
  ASSERT_GT(options.clients.trust->ca_name_octets(), x509::kMostCaNameOctets);
  const auto refused = ServerContext::make(options);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::ca_names_too_long);

  many.erase(many.begin() + 300, many.end());
  many.push_back(house().root);
  options.clients.trust = trust(std::move(many));
  ASSERT_GT(options.clients.trust->ca_name_octets(), x509::kManyCaNameOctets);
  const Holder alice = house().alice();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const Met met = meet(routes(options), {.holder = &alice, .version = version});
    EXPECT_EQ(met.client.answer, "pong") << met.client.error;
  }
}

}  // namespace
}  // namespace symbolon::tls
