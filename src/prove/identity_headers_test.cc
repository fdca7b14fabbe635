#include "prove/identity_headers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace symbolon::prove {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST(IdentityHeaders, AreFoundInEverySpelling) {
  EXPECT_THAT(shown_headers("X-SSL-Client-Verify: SUCCESS\r\n"), ElementsAre("X-SSL-Client-Verify"));
  EXPECT_THAT(shown_headers("x_ssl_client_verify=SUCCESS"), ElementsAre("X-SSL-Client-Verify"));
  EXPECT_THAT(shown_headers("HTTP_X_SSL_CLIENT_VERIFY=SUCCESS"), ElementsAre("X-SSL-Client-Verify"));
  EXPECT_THAT(shown_headers("{\"client-cert\": \":MII=:\"}"), ElementsAre("Client-Cert"));
  EXPECT_THAT(shown_headers("hello"), IsEmpty());
}

TEST(IdentityHeaders, APartOfALongerNameIsNone) {
  EXPECT_THAT(shown_headers("X-Forwarded-Client-Cert: By=a"), ElementsAre("X-Forwarded-Client-Cert"));
  EXPECT_THAT(shown_headers("Client-Cert-Chain: a\nClient-Cert: b"),
              UnorderedElementsAre("Client-Cert", "Client-Cert-Chain"));
  EXPECT_THAT(shown_headers("Client-Certificates: a"), IsEmpty());
}

TEST(IdentityHeaders, EachForgeryIsFoundByItsValue) {
  for (const Forgery& forgery : forgeries({"X-Own-User"})) {
    EXPECT_THAT(forgery.seen_in("nothing of it"), IsEmpty());
    ASSERT_FALSE(forgery.values.empty());
    const auto& [header, value] = forgery.values.back();
    EXPECT_THAT(forgery.seen_in("... " + value + " ..."), ElementsAre(header));
    EXPECT_TRUE(is_among(header, {"x-own-user"})) << header;
    EXPECT_NE(forgery.fields.find(header + ": " + value + "\r\n"), std::string::npos);
  }
}

TEST(IdentityHeaders, SpellingsAndRepetitionsAreTried) {
  const auto all = forgeries({});
  ASSERT_EQ(all.size(), 3U);
  EXPECT_NE(all[0].fields.find("X-SSL-Client-Verify: "), std::string::npos);
  EXPECT_NE(all[1].fields.find("X_SSL_Client_Verify: "), std::string::npos);
  EXPECT_EQ(all[1].fields.find('-' + std::string("Verify")), std::string::npos);
  EXPECT_EQ(all[2].values.size(), 2 * usual_identity_headers().size());
}

TEST(IdentityHeaders, AreListedOnce) { EXPECT_EQ(list({"A", "B", "A"}), "A, B"); }

}  // namespace
}  // namespace symbolon::prove
