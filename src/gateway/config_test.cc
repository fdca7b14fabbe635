#include "gateway/config.h"

#include <gtest/gtest.h>

#include "config/load.h"

namespace symbolon::gateway {
namespace {

Result<GatewayConfig> read(const std::string& yaml) {
  config::Table<GatewayConfig> table = gateway_table();
  return config::load(yaml, "/etc/symbolon/symbolon.yaml", table).result();
}

const std::string kRoute = R"(routes:
  - name: web
    listen: :8443
    certificate: { from: authority, names: [app.example] }
    clients:
      verify: require
      depth: 2
      trust: [authority, extra.pem]
      allow: [ { uri: "spiffe://example.com/billing" }, { email: "*@example.com" } ]
    to: 127.0.0.1:3000
)";

Code refused(std::string from, const std::string& to) {
  std::string yaml = kRoute;
  const std::size_t at = yaml.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  yaml.replace(at, from.size(), to);
  const auto config = read(yaml);
  return config ? Code::connection_ended : config.error().code;
}

TEST(GatewayConfig, ReadsTheManualsExample) {
  const auto config = read(kRoute);
  ASSERT_TRUE(config.has_value()) << config.error().text();
  const RouteConfig& route = config->routes.at(0);
  EXPECT_EQ(route.name, "web");
  EXPECT_EQ(route.listen.text(), ":8443");
  EXPECT_EQ(std::get<CertificateFromAuthority>(*route.certificate).names, std::vector<std::string>{"app.example"});
  EXPECT_EQ(route.clients->depth, 2);
  ASSERT_EQ(route.clients->trust.size(), 2U);
  EXPECT_FALSE(route.clients->trust[0].file.has_value());
  EXPECT_EQ(route.clients->trust[1].file, Path("/etc/symbolon/extra.pem"));
  EXPECT_EQ(route.clients->allow->rules.size(), 2U);
  EXPECT_EQ(route.place.line, 2);
}

TEST(GatewayConfig, ARouteWithoutRulesDoesNotStart) {
  const std::string rules =
      "      allow: [ { uri: \"spiffe://example.com/billing\" }, { email: \"*@example.com\" } ]\n";
  EXPECT_EQ(refused(rules, ""), Code::config_no_rules);
  EXPECT_EQ(refused(rules, "      allow: []\n"), Code::config_no_rules);
  EXPECT_EQ(refused(rules, "      allow: any_verified\n"), Code::connection_ended);
}

TEST(GatewayConfig, NothingIsIgnored) {
  EXPECT_EQ(refused("verify: require", "verfy: require"), Code::config_unknown_key);
  EXPECT_EQ(refused("verify: require", "verify: maybe"), Code::config_bad_value);
  EXPECT_EQ(refused("depth: 2", "depth: 10"), Code::config_bad_value);
  EXPECT_EQ(refused("      trust: [authority, extra.pem]\n", ""), Code::config_missing_key);
  EXPECT_EQ(refused("      trust: [authority, extra.pem]\n", "      trust: []\n"), Code::config_bad_value);
  EXPECT_EQ(refused("listen: :8443", "listen: 8443"), Code::config_bad_value);
  EXPECT_EQ(refused("to: 127.0.0.1:3000", "to: http://127.0.0.1:3000"), Code::config_bad_value);
  EXPECT_EQ(refused("verify: require", "verify: insecure_none"), Code::config_bad_value);
  EXPECT_EQ(refused("names: [app.example]", "names: []"), Code::config_bad_value);
}

const std::string kOutward = R"(routes:
  - name: db
    listen: 127.0.0.1:5432
    to: [ "db1.internal:5432", "10.0.0.7:5432" ]
    server:
      certificate: { from: authority, names: [gateway.example] }
      trust: [authority]
      deny: [ { cn: old } ]
      alpn: [postgresql]
    via: { socks5: "127.0.0.1:1080", credentials: proxy.secret }
)";

TEST(GatewayConfig, ReadsARouteThatDialsTls) {
  const auto config = read(kOutward);
  ASSERT_TRUE(config.has_value()) << config.error().text();
  const RouteConfig& route = config->routes.at(0);
  EXPECT_TRUE(route.listens_in_plain());
  ASSERT_EQ(route.to.size(), 2U);
  EXPECT_EQ(route.to[1].text(), "10.0.0.7:5432");
  EXPECT_EQ(std::get<CertificateFromAuthority>(*route.server->certificate).profile, "client");
  EXPECT_FALSE(route.server->allow.has_value());
  EXPECT_EQ(route.server->deny.size(), 1U);
  EXPECT_EQ(route.server->alpn, std::vector<std::string>{"postgresql"});
  EXPECT_EQ(route.via->kind, net::TunnelProxy::Kind::socks5);
  EXPECT_EQ(route.via->credentials, Path("/etc/symbolon/proxy.secret"));
}

TEST(GatewayConfig, StaplesUnlessTheRouteSaysNo) {
  EXPECT_EQ(read(kRoute)->routes.at(0).staple, std::nullopt);
  const auto with = [](const std::string& yaml, const std::string& line) {
    return read(yaml.substr(0, yaml.find("    to:")) + line + yaml.substr(yaml.find("    to:")));
  };
  EXPECT_EQ(with(kRoute, "    staple: false\n")->routes.at(0).staple, false);
  const auto plain = with(kOutward, "    staple: true\n");
  ASSERT_FALSE(plain.has_value());
  EXPECT_EQ(plain.error().code, Code::config_bad_value);
}

TEST(GatewayConfig, APlainListenerHasItsAddressForItself) {
  const std::string second = kRoute.substr(kRoute.find("  - name: web"));
  EXPECT_TRUE(read(kOutward + second).has_value());
  std::string same = second;
  same.replace(same.find(":8443"), 5, "127.0.0.1:5432");
  same.replace(same.find("listen"), 6, "names: [b.example]\n    listen");
  EXPECT_FALSE(read(kOutward + same).has_value());
}

TEST(GatewayConfig, RoutesOfOneAddressDifferInTheirNames) {
  std::string second = kRoute.substr(kRoute.find("  - name: web"));
  second.replace(second.find("web"), 3, "api");
  EXPECT_FALSE(read(kRoute + second).has_value());
  second.replace(second.find("listen"), 6, "names: [b.example]\n    listen");
  EXPECT_TRUE(read(kRoute + second).has_value());
}

TEST(GatewayConfig, WhatWouldDoNothingIsRefused) {
  const std::string open = R"(routes:
  - { name: web, listen: ":8443", certificate: { cert: a.crt, key: a.key }, to: "127.0.0.1:3000", clients: )";
  EXPECT_TRUE(read(open + "{ verify: insecure_none } }\n").has_value());
  EXPECT_FALSE(read(open + "{ verify: insecure_none, depth: 3 } }\n").has_value());
  EXPECT_FALSE(read(open + "{ verify: insecure_none, path_check: strict } }\n").has_value());
  const std::string here = "listeners: [ { listen: \"127.0.0.1:5432\", ";
  EXPECT_FALSE(read(kOutward + here + "default_route: db } ]\n").has_value());
  EXPECT_FALSE(read(kOutward + "    handshake_timeout: 10s\n").has_value());
  EXPECT_TRUE(
      read(kOutward + "    handshake_timeout: 10s\n" + here + "accept_proxy_from: [192.0.2.1] } ]\n").has_value());
  EXPECT_FALSE(read(kOutward + here + "socket_mode: 0600 } ]\n").has_value());
}

TEST(GatewayConfig, SessionTicketsAreARoutesOwnAndLiveSixHoursAtMost) {
  const RouteConfig plain = read(kRoute)->routes.at(0);
  EXPECT_FALSE(plain.session_tickets || plain.ticket_lifetime);
  const auto with = read(kRoute + "    session_tickets: true\n    ticket_lifetime: 6h\n");
  ASSERT_TRUE(with.has_value());
  EXPECT_EQ(with->routes.at(0).session_tickets, true);
  EXPECT_EQ(with->routes.at(0).ticket_lifetime, Seconds{6 * 3600});
  EXPECT_FALSE(read(kRoute + "    session_tickets: true\n    ticket_lifetime: 7h\n").has_value());
  EXPECT_FALSE(read(kRoute + "    ticket_lifetime: 1h\n").has_value());  // would do nothing
  EXPECT_FALSE(read(kRoute + "    session_tickets: false\n    ticket_lifetime: 1h\n").has_value());
  EXPECT_FALSE(read(kOutward + "    session_tickets: true\n").has_value());
}

TEST(GatewayConfig, SharedTicketKeysAreForRoutesWithTickets) {
  const std::string shared = "shared_ticket_keys: true\n";
  EXPECT_FALSE(read(kRoute)->shared_ticket_keys);
  const auto without = read(kRoute + shared);  // would do nothing
  ASSERT_FALSE(without.has_value());
  EXPECT_EQ(without.error().code, Code::config_bad_value);
  const auto with = read(kRoute + "    session_tickets: true\n" + shared);
  ASSERT_TRUE(with.has_value()) << with.error().text();
  EXPECT_TRUE(with->shared_ticket_keys);
}

TEST(GatewayConfig, ADefaultRouteMustBeOneOfItsAddress) {
  EXPECT_TRUE(read(kRoute + "listeners: [ { listen: \":8443\", default_route: web } ]\n").has_value());
  EXPECT_FALSE(read(kRoute + "listeners: [ { listen: \":8443\", default_route: api } ]\n").has_value());
  EXPECT_FALSE(read(kRoute + "listeners: [ { listen: \":8444\", default_route: web } ]\n").has_value());
}

}  // namespace
}  // namespace symbolon::gateway
