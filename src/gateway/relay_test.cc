#include "gateway/relay.h"

#include <fcntl.h>
#include <poll.h>

#include "gateway/testing/tls_client.h"

namespace symbolon::gateway {
namespace {

using namespace testing;

std::uint16_t port_of(const RunningGateway& running) { return running.gateway->address_of("web").port; }

// The echo of each block is read only when 4 MiB are on the way: every buffer between is full, both directions hold
// data.
TEST(Relay, MegabytesPassWhileBothSidesAreSlow) {
  const RunningGateway running(route_yaml());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client(port_of(running), {.version = version});
    ASSERT_TRUE(client.connected());
    const std::size_t size = 32 << 20;
    std::string sent(size, '\0');
    for (std::size_t i = 0; i < size; ++i) sent[i] = static_cast<char>(i * 2654435761U >> 24);
    fcntl(client.descriptor(), F_SETFL, O_NONBLOCK);
    SSL_set_mode(client.native(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    std::size_t written = 0;
    std::string got;
    std::vector<char> buffer(100'000);
    while (got.size() < size) {
      bool moved = false;
      if (written < size) {
        const int n = SSL_write(client.native(), sent.data() + written,
                                static_cast<int>(std::min<std::size_t>(size - written, 100'000)));
        if (n > 0) written += static_cast<std::size_t>(n);
        moved = n > 0;
      }
      if (!moved) {  // it cannot be written: now a little is read
        const int n = SSL_read(client.native(), buffer.data(), static_cast<int>(buffer.size()));
        if (n > 0) got.append(buffer.data(), static_cast<std::size_t>(n));
        if (n <= 0 && SSL_get_error(client.native(), n) == SSL_ERROR_WANT_READ) {
          pollfd ready{client.descriptor(), static_cast<short>(written < size ? POLLIN | POLLOUT : POLLIN), 0};
          ASSERT_EQ(poll(&ready, 1, 20'000), 1);
        } else if (n <= 0) {
          FAIL() << "after " << got.size();
        }
      }
    }
    EXPECT_TRUE(got == sent);
  }
}

TEST(Relay, HalfCloseOfTheClientReachesTheServiceAndItsAnswerComes) {
  const RunningGateway running(route_yaml());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client(port_of(running), {.version = version});
    ASSERT_TRUE(client.write("question"));
    client.shut_down();  // the echo service ends when its input ends
    EXPECT_EQ(client.read(8), "question");
    EXPECT_EQ(client.read_some(), "");
    EXPECT_TRUE(client.closed_orderly());
  }
  EXPECT_FALSE(running.records->wait_for({R"("record":"closed")", R"("reason":"connection_ended")"}).empty());
}

TEST(Relay, AConnectionThatIsCutIsTruncatedInItsRecord) {
  const RunningGateway running(route_yaml());
  {
    TlsClient client(port_of(running), {});
    ASSERT_TRUE(client.write("x"));
    EXPECT_EQ(client.read(1), "x");
  }  // closed without close_notify
  EXPECT_FALSE(running.records->wait_for({R"("record":"closed")", R"("reason":"truncated")"}).empty());
}

TEST(Relay, AnIdleConnectionIsEndedAndItsRecordSaysSo) {
  std::string yaml = route_yaml();
  yaml += "    idle_timeout: 1s\n";
  const RunningGateway running(yaml);
  TlsClient client(port_of(running), {});
  ASSERT_TRUE(client.write("x"));
  EXPECT_EQ(client.read(1), "x");
  EXPECT_EQ(client.read_some(), "");
  EXPECT_FALSE(client.closed_orderly());  // the service did not end
  EXPECT_FALSE(running.records->wait_for({R"("record":"closed")", R"("reason":"connection_idle")"}).empty());
}

TEST(Relay, ManyConnectionsAtOnce) {
  const RunningGateway running(route_yaml());
  std::vector<std::unique_ptr<TlsClient>> clients;
  for (int i = 0; i < 100; ++i) clients.push_back(std::make_unique<TlsClient>(port_of(running), Visitor{}));
  for (auto& client : clients) ASSERT_TRUE(client->write("hello"));
  for (auto& client : clients) EXPECT_EQ(client->read(5), "hello");
  EXPECT_EQ(running.gateway->connections(), 100U);
}

}  // namespace
}  // namespace symbolon::gateway
