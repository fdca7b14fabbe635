// The certificates of a peer are kept once for all of its connections.
#include "tls/testing/meeting.h"
#include "x509/path_cache.h"

namespace symbolon::tls {
namespace {

using namespace testing;

// What the library keeps of the peer's chain, as our side's last handshake ended.
std::vector<x509::Certificate>& kept() {
  static std::vector<x509::Certificate> kept;  // holds them: their addresses cannot come again by chance
  return kept;
}

void look(const SSL* ssl, int where, int) {
  if ((where & SSL_CB_HANDSHAKE_DONE) == 0) return;
  kept().push_back(x509::Certificate::from_handle(SSL_get0_peer_certificate(ssl)));
  const STACK_OF(X509)* const others = SSL_get_peer_cert_chain(ssl);
  for (int i = 0; i < sk_X509_num(others); ++i)
    kept().push_back(x509::Certificate::from_handle(sk_X509_value(others, i)));
}

class KeptCertificates : public ::testing::TestWithParam<int> {};

TEST_P(KeptCertificates, AreTheSameForEveryConnectionOfAPeer) {
  kept().clear();
  x509::PathCache cache;
  ServerOptions options = house().options();
  options.clients.cache = &cache;
  const auto served = routes(std::move(options));
  SSL_CTX_set_info_callback(served->any().get(), look);
  const Holder alice = house().alice();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(meet(served, {.holder = &alice, .version = GetParam()}).client.answer, "pong");
  ASSERT_EQ(kept().size(), 4U);
  EXPECT_EQ(kept()[0], house().client);
  EXPECT_EQ(kept()[1], house().issuing);
  EXPECT_EQ(kept()[0].get(), kept()[2].get());
  EXPECT_EQ(kept()[1].get(), kept()[3].get());
}

INSTANTIATE_TEST_SUITE_P(Versions, KeptCertificates, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

}  // namespace
}  // namespace symbolon::tls
