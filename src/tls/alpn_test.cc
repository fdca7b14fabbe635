#include "tls/alpn.h"

#include "tls/testing/meeting.h"

namespace symbolon::tls {
namespace {

using namespace testing;

// As the client offers them.
ClientSetup offering(std::string list) {
  return {.prepare = [list = std::move(list)](SSL_CTX* made) {
    EXPECT_EQ(SSL_CTX_set_alpn_protos(made, reinterpret_cast<const unsigned char*>(list.data()),
                                      static_cast<unsigned int>(list.size())),
              0);
  }};
}

ServerOptions taking(std::vector<std::string> alpn) {
  ServerOptions options = house().options();
  options.verify = ClientVerification::optional;
  options.alpn = std::move(alpn);
  return options;
}

TEST(Alpn, TheListIsEncodedAsTheStandardShowsIt) {
  EXPECT_EQ(encode_protocols({"h2", "http/1.1"}), std::string("\x02h2\x08http/1.1"));
  EXPECT_EQ(encode_protocols({}), "");
}

TEST(Alpn, TextOfAListIsTotal) {
  EXPECT_EQ(text_of_protocols(std::string_view("\x02h2\x08http/1.1", 12)), "'h2', 'http/1.1'");
  EXPECT_EQ(text_of_protocols(std::string_view("\xff"
                                               "h2",
                                               3)),
            "'h2'");
  EXPECT_EQ(text_of_protocols(std::string_view("\x01\n", 2)), "'?'");
  EXPECT_EQ(text_of_protocols(std::string(2, '\0')), "'', ''");
}

TEST(Alpn, TheRoutesPreferenceDecides) {
  const Met met = meet(routes(taking({"h2", "http/1.1"})), offering("\x08http/1.1\x02h2"));
  ASSERT_TRUE(met.server.has_value()) << met.server.error().words;
  EXPECT_EQ(met.server->alpn, "h2");
}

TEST(Alpn, WhoOffersNothingIsServedAndWhoOffersNothingInCommonIsToldSo) {
  const Met silent = meet(routes(taking({"h2"})), ClientSetup{});
  ASSERT_TRUE(silent.server.has_value());
  EXPECT_EQ(silent.server->alpn, "");
  const Met apart = meet(routes(taking({"h2"})), offering("\x08http/1.1"));
  ASSERT_FALSE(apart.server.has_value());
  EXPECT_EQ(apart.server.error().code, Code::no_application_protocol);
  EXPECT_EQ(apart.client.alert, SSL_AD_NO_APPLICATION_PROTOCOL);
}

TEST(Alpn, WithoutAListTheOfferIsIgnored) {
  const Met met = meet(routes(taking({})), offering("\x02h2"));
  ASSERT_TRUE(met.server.has_value());
  EXPECT_EQ(met.server->alpn, "");
}

}  // namespace
}  // namespace symbolon::tls
