#include "tls/context.h"

#include <atomic>

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

// Wherever in the chain, and whichever side presents it.
TEST(ServerContext, ACertificateThatIsSignedWithSha1IsCalledSo) {
  const auto weak = forge().certificate("c-sha1", "server", "house-issuing",
                                        Forge::with(Forge::kServer, R"("names": ["dns:a.example"], "hash": "sha1")"));
  const auto ca =
      forge().certificate("c-sha1-ca", "Weak CA", "house-root", Forge::with(Forge::kCa, R"("hash": "sha1")"));
  const auto below = forge().certificate("c-below-sha1", "server", "c-sha1-ca", Forge::kServer);
  const auto first = Credential::make({weak, house().issuing}, key_of("c-sha1")).value();
  const auto second = Credential::make({below, ca}, key_of("c-below-sha1")).value();
  for (const auto& credential : {first, second}) {
    ServerOptions options = house().options();
    options.credential = credential;
    const auto server = ServerContext::make(options);
    ASSERT_FALSE(server.has_value());
    EXPECT_EQ(server.error().code, Code::server_certificate_weak_signature);
    ClientOptions dialling;
    dialling.servers = options.clients;
    dialling.credential = credential;
    const auto client = ClientContext::make(dialling);
    ASSERT_FALSE(client.has_value());
    EXPECT_EQ(client.error().code, Code::client_certificate_weak_signature);
  }
}

// A client compresses its certificate for a server that asks for it (RFC 8879 §3), and newer libraries ask by
// themselves.
TEST(ServerContext, AsksForNoCompressedCertificate) {
  static std::atomic<int> plain = 0;
  static std::atomic<int> compressed = 0;
  const auto note = [](int sent, int, int type, const void* octets, std::size_t size, SSL*, void*) {
    if (sent == 0 || type != SSL3_RT_HANDSHAKE || size == 0) return;
    const std::uint8_t message = *static_cast<const std::uint8_t*>(octets);
    if (message == 11) ++plain;
    if (message == 25) ++compressed;
  };
  const Holder alice = house().alice();
  const Met met =
      meet(routes(house().options()),
           {.holder = &alice, .prepare = [&](SSL_CTX* context) { SSL_CTX_set_msg_callback(context, note); }});
  EXPECT_EQ(met.client.answer, "pong") << met.client.error;
  EXPECT_EQ(plain, 1);
  EXPECT_EQ(compressed, 0);
}

}  // namespace
}  // namespace symbolon::tls
