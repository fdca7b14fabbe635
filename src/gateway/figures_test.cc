#include "gateway/figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/metrics.h"
#include "gateway/testing/tls_client.h"

namespace symbolon::gateway {
namespace {

using namespace testing;
using ::testing::HasSubstr;

std::string exposed(const RunningGateway& running) { return exposition(running.gateway->figures().Collect()); }

TEST(Figures, CountWhatHappenedOnARoute) {
  const RunningGateway running(route_yaml());
  TlsClient alice(running.gateway->address_of("web").port, {});
  ASSERT_TRUE(alice.write("hello"));
  EXPECT_EQ(alice.read(5), "hello");
  TlsClient nobody(running.gateway->address_of("web").port, {.name = "", .version = TLS1_2_VERSION});
  nobody.read_some();
  running.records->wait_for({R"("record":"refused")"});

  const api::GatewayStatus status = running.gateway->figures().status();
  EXPECT_EQ(status.phase, api::GatewayPhase::serving);
  EXPECT_EQ(status.threads_silent, 0);
  ASSERT_EQ(status.routes.size(), 1U);
  const api::RouteStatus& web = status.routes.front();
  EXPECT_EQ(web.name, "web");
  EXPECT_EQ(web.open, 1);
  EXPECT_EQ(web.admitted, 1);
  EXPECT_EQ(web.received, 5);
  EXPECT_EQ(web.sent, 5);
  EXPECT_EQ(web.refused, (std::vector<api::CodeCount>{{Code::client_certificate_missing, 1}}));
  ASSERT_EQ(web.certificates.size(), 1U);
  EXPECT_EQ(web.certificates.front().serial, pki().read("server").serial().hex());
  EXPECT_TRUE(web.hindrances.empty());
  ASSERT_TRUE(web.soonest);
  EXPECT_EQ(web.soonest->identity, "spiffe://example.com/alice");
  EXPECT_EQ(web.soonest->address, "127.0.0.1");

  const std::string text = exposed(running);
  EXPECT_THAT(text, HasSubstr(R"(symbolon_handshakes_total{route="web",peer="client",version="TLSv1.3",group=)"));
  EXPECT_THAT(text, HasSubstr(R"(outcome="admitted"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(version="TLSv1.2",group=)"));
  EXPECT_THAT(text, HasSubstr(R"(outcome="client_certificate_missing"} 1)"));
  EXPECT_THAT(text, HasSubstr("symbolon_connections_open{route=\"web\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("symbolon_received_bytes_total{route=\"web\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("symbolon_handshake_duration_seconds_count{route=\"web\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("symbolon_first_byte_duration_seconds_count{route=\"web\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("symbolon_route_ready{route=\"web\"} 1\n"));

  alice.shut_down();
  ::shutdown(alice.descriptor(), SHUT_RDWR);
  running.records->wait_for({R"("record":"closed")"});
  EXPECT_THAT(exposed(running),
              HasSubstr(R"(symbolon_connections_closed_total{route="web",reason="connection_ended"} 1)"));
}

TEST(Figures, SeeNoCertificateWhosePossessionIsUnproven) {
  const RunningGateway running(route_yaml(R"([ { cn: bob } ])"));
  s_client(running, "-cert alice.chain -cert_chain alice.chain -key alice.key");
  running.records->wait_for({R"("code":"not_allowed_by_policy")"});
  EXPECT_EQ(running.gateway->figures().seen({})->certificates.size(), 0U);
  s_client(running, "-cert bob.chain -cert_chain bob.chain -key bob.key");
  running.records->wait_for({R"("record":"opened")"});
  const auto page = running.gateway->figures().seen({});
  ASSERT_EQ(page->certificates.size(), 1U);
  EXPECT_EQ(page->certificates.front().serial, pki().read("bob").serial().hex());
}

TEST(Figures, SayWhyNobodyCanBeAdmitted) {
  const auto leaf = pki().read("server");
  auto trust = x509::TrustBundle::make({pki().read("root")}, system_clock().now(), "root");
  const RouteFacts route{.name = "web",
                         .listen = {},
                         .to = {},
                         .sides = {{.peer = PeerKind::client,
                                    .certificate = leaf,
                                    .trust = std::make_shared<const x509::TrustBundle>(*std::move(trust))}}};
  const auto codes_at = [&](UnixSeconds now) {
    std::string out;
    for (const auto& one : hindrances_of(route, now)) out += std::string(name(one.code)) + " ";
    return out;
  };
  EXPECT_EQ(codes_at(leaf.validity().not_after), "");
  EXPECT_EQ(codes_at(leaf.validity().not_after + Seconds{1}), "server_certificate_expired ca_expired ");
  EXPECT_EQ(codes_at(leaf.validity().not_before - Seconds{1}), "server_certificate_not_yet_valid ");
}

TEST(Figures, StayAndSayDrainingWhenTheGatewayStops) {
  const RunningGateway running(route_yaml());
  TlsClient alice(running.gateway->address_of("web").port, {});
  ASSERT_TRUE(alice.connected());
  running.records->wait_for({R"("record":"opened")"});
  std::thread stopping([&] { running.gateway->stop(); });
  EXPECT_EQ(alice.read_some(), "");
  EXPECT_EQ(running.gateway->figures().status().phase, api::GatewayPhase::draining);
  ::shutdown(alice.descriptor(), SHUT_RDWR);
  stopping.join();
  EXPECT_EQ(running.gateway->figures().status().certificates_seen, 1);
}

}  // namespace
}  // namespace symbolon::gateway
