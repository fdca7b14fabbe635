// Which route serves whom, and what happens to those whom none serves.
#include "gateway/testing/tls_client.h"

namespace symbolon::gateway {
namespace {

using namespace testing;

std::string route(const std::string& name, const std::string& names, const std::string& allow) {
  return fmt::format(R"(  - name: {}
    listen: 127.0.0.1:0
    names: {}
    certificate: {{ cert: server.chain, key: server.key }}
    clients: {{ trust: [root.crt], allow: {} }}
    to: SERVICE
)",
                     name, names, allow);
}

const std::string kTwoRoutes = "threads: 1\nroutes:\n" + route("a", "[a.example]", "any_verified") +
                               route("b", "[b.example, \"*.b.example\"]", "[ { cn: bob } ]");

// The records but those of closing.
std::vector<std::string> verdicts(const RunningGateway& running) {
  std::vector<std::string> out;
  for (const auto& line : running.records->lines()) {
    if (line.find(R"("record":"closed")") == std::string::npos) out.push_back(line);
  }
  return out;
}

// The route whose record says that `visitor` was let in, or the code of the refusal.
std::string served_by(const RunningGateway& running, const Visitor& visitor, int* alert = nullptr) {
  const std::size_t before = verdicts(running).size();
  TlsClient client(running.gateway->address_of("a").port, visitor);
  if (client.write("x")) client.read(1);
  if (alert != nullptr) *alert = TlsClient::alert();
  while (verdicts(running).size() <= before) std::this_thread::yield();
  const std::string line = verdicts(running)[before];
  const std::string key = line.find(R"("record":"opened")") != std::string::npos ? R"("route":")" : R"("code":")";
  const std::size_t at = line.find(key) + key.size();
  return line.substr(at, line.find('"', at) - at);
}

TEST(Routing, TheServerNameChoosesTheRouteAndItsRules) {
  const RunningGateway running(kTwoRoutes);
  EXPECT_EQ(served_by(running, {.server_name = "a.example"}), "a");
  EXPECT_EQ(served_by(running, {.server_name = "A.EXAMPLE"}), "a");
  EXPECT_EQ(served_by(running, {.server_name = "b.example"}), "not_allowed_by_policy");
  EXPECT_EQ(served_by(running, {.name = "bob", .server_name = "b.example"}), "b");
  EXPECT_EQ(served_by(running, {.name = "bob", .server_name = "x.b.example"}), "b");
  EXPECT_EQ(served_by(running, {.name = "bob", .server_name = "x.y.b.example"}), "unrecognized_name");
}

TEST(Routing, WhoNamesNothingOrAnUnknownNameIsRefusedWithUnrecognizedName) {
  const RunningGateway running(kTwoRoutes);
  for (const std::string name : {"", "c.example"}) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      int alert = -1;
      EXPECT_EQ(served_by(running, {.server_name = name, .version = version}, &alert), "unrecognized_name");
      EXPECT_EQ(alert, SSL_AD_UNRECOGNIZED_NAME);
    }
  }
}

TEST(Routing, TheDefaultRouteServesWhoNamesNothingAndNobodyElse) {
  const RunningGateway running(kTwoRoutes + "listeners:\n  - { listen: \"127.0.0.1:0\", default_route: b }\n");
  EXPECT_EQ(served_by(running, {.name = "bob", .server_name = ""}), "b");
  EXPECT_EQ(served_by(running, {.server_name = ""}), "not_allowed_by_policy");
  EXPECT_EQ(served_by(running, {.name = "bob", .server_name = "c.example"}), "unrecognized_name");
}

TEST(Routing, TlsBefore12IsRefusedAndRecorded) {
  const RunningGateway running(route_yaml());
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    TlsClient client(running.gateway->address_of("web").port, {.version = version});
    EXPECT_FALSE(client.connected());
    EXPECT_EQ(TlsClient::alert(), SSL_AD_PROTOCOL_VERSION);
  }
  EXPECT_FALSE(running.records->wait_for({R"("code":"protocol_version")"}).empty());
}

TEST(Routing, WhoSaysNothingIsClosedInTimeAndRecorded) {
  const RunningGateway running(route_yaml("any_verified") + "    handshake_timeout: 1s\n");
  const int descriptor = connect_to(running.gateway->address_of("web").port);
  char octet = 0;
  EXPECT_EQ(::recv(descriptor, &octet, 1, 0), 0);  // closed, not reset
  ::close(descriptor);
  EXPECT_FALSE(running.records->wait_for({R"("code":"handshake_timeout")"}).empty());
}

TEST(Routing, RandomOctetsAreAnsweredAndRecordedEachTime) {
  const RunningGateway running(route_yaml());
  std::uint32_t state = 12345;
  for (int round = 0; round < 50; ++round) {
    std::string octets(64, '\0');
    for (char& c : octets) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
    const int descriptor = connect_to(running.gateway->address_of("web").port);
    EXPECT_EQ(::send(descriptor, octets.data(), octets.size(), MSG_NOSIGNAL), 64);
    ::shutdown(descriptor, SHUT_WR);
    char buffer[256];
    while (::recv(descriptor, buffer, sizeof(buffer), 0) > 0) {
    }
    ::close(descriptor);
  }
  while (running.records->lines().size() < 50) std::this_thread::yield();
  TlsClient client(running.gateway->address_of("web").port, {});
  EXPECT_TRUE(client.write("x"));
  EXPECT_EQ(client.read(1), "x");
}

TEST(Refresh, ANewTrustFileIsTakenAndABadOneIsNot) {
  const Folder& folder = pki().folder;
  folder.put("changing.crt", folder.get("root.crt"));
  std::string yaml = route_yaml();
  yaml.replace(yaml.find("root.crt"), 8, "changing.crt");
  const RunningGateway running(yaml);
  const auto admitted = [&] {
    TlsClient client(running.gateway->address_of("web").port, {});
    return client.write("x") && client.read(1) == "x";
  };
  EXPECT_TRUE(admitted());
  folder.put("changing.crt", "");
  const auto refused = running.gateway->refresh();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::trust_empty);
  EXPECT_TRUE(admitted());  // the old state stays
  folder.put("changing.crt", folder.get("other.crt"));
  ASSERT_TRUE(running.gateway->refresh().has_value());
  EXPECT_FALSE(admitted());
}

// For the thread sanitizer: everything that may change does, while several threads serve.
TEST(Threads, ServeWhileSnapshotsAndRevocationsChange) {
  std::string yaml = route_yaml();
  yaml.replace(yaml.find("threads: 1"), 10, "threads: 3");
  const RunningGateway running(yaml);
  const std::uint16_t port = running.gateway->address_of("web").port;
  std::atomic<int> served = 0;
  std::vector<std::thread> visitors;
  for (int i = 0; i < 4; ++i) {
    visitors.emplace_back([&] {
      for (int round = 0; round < 25; ++round) {
        TlsClient client(port, {});
        if (client.write("x") && client.read(1) == "x") ++served;
      }
    });
  }
  const auto issuer = revocation::IssuerKey::of(pki().read("issuing"));
  for (int round = 0; round < 20; ++round) {
    EXPECT_TRUE(running.gateway->refresh().has_value());
    running.revocation->add(issuer, pki().read("bob").serial(), UnixSeconds{1'700'000'000 + round});
    running.gateway->connections();
  }
  for (auto& visitor : visitors) visitor.join();
  EXPECT_EQ(served, 100);
}

}  // namespace
}  // namespace symbolon::gateway
