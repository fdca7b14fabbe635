// The alert of a refusal reaches a client that writes 256 KiB right after its Finished and only then reads; without
// the draining close it does not.
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>

#include "gateway/testing/tls_client.h"

namespace symbolon::gateway {
namespace {

using namespace testing;

using ClientContextHandle = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

// Without a certificate, so that it is refused. TLS 1.2 refuses inside the client's own handshake, TLS 1.3 after it.
ClientContextHandle refused_client(int version) {
  ClientContextHandle out(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  SSL_CTX_set_min_proto_version(out.get(), version);
  SSL_CTX_set_max_proto_version(out.get(), version);
  return out;
}

// The alert that the client came to know: of the library's error, as an application sees it.
int alert_seen(SSL_CTX* context, std::uint16_t port) {
  const int descriptor = connect_to(port);
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context), &SSL_free);
  SSL_set_fd(ssl.get(), descriptor);
  ERR_clear_error();
  bool going = SSL_connect(ssl.get()) == 1;
  const std::string flood(16 * 1024, 'x');
  for (int i = 0; going && i < 16; ++i) going = SSL_write(ssl.get(), flood.data(), static_cast<int>(flood.size())) > 0;
  char buffer[64];
  if (going) SSL_read(ssl.get(), buffer, sizeof(buffer));
  const int reason = ERR_GET_REASON(ERR_peek_error());
  ERR_clear_error();
  close(descriptor);
  return reason > SSL_AD_REASON_OFFSET ? reason - SSL_AD_REASON_OFFSET : -1;
}

int times_seen(const RunningGateway& running, int version, int rounds) {
  const auto context = refused_client(version);
  const int expected = version == TLS1_3_VERSION ? SSL_AD_CERTIFICATE_REQUIRED : SSL_AD_HANDSHAKE_FAILURE;
  const std::uint16_t port = running.gateway->address_of("web").port;
  int seen = 0;
  for (int i = 0; i < rounds; ++i) seen += alert_seen(context.get(), port) == expected ? 1 : 0;
  return seen;
}

constexpr int kRounds = 300;  // tests/the_alert_always_arrives.py does it with more clients and oftener

TEST(TheAlert, AlwaysArrives) {
  const RunningGateway running(route_yaml());
  EXPECT_EQ(times_seen(running, TLS1_2_VERSION, kRounds), kRounds);
  EXPECT_EQ(times_seen(running, TLS1_3_VERSION, kRounds), kRounds);
}

TEST(TheAlert, IsLostWithoutTheDrainingClose) {
  const RunningGateway running(route_yaml(), {.drainers = 0});
  EXPECT_LT(times_seen(running, TLS1_3_VERSION, kRounds), kRounds);
}

}  // namespace
}  // namespace symbolon::gateway
