#include "gateway/gateway.h"

#include <boost/json.hpp>

#include "gateway/testing/tls_client.h"

namespace symbolon::gateway {
namespace {

using namespace testing;

const std::string kAlice = "-cert alice.chain -cert_chain alice.chain -key alice.key";

// One member of a record as text, by JSON pointer without the first slash.
std::string at(const boost::json::object& record, const std::string& path) {
  const boost::json::value whole(record);
  boost::system::error_code error;
  const auto* const found = whole.find_pointer("/" + path, error);
  if (found == nullptr) return "(absent)";
  return found->is_string() ? std::string(found->as_string()) : boost::json::serialize(*found);
}

boost::json::object parsed(const std::string& line) {
  EXPECT_FALSE(line.empty());
  return boost::json::parse(line).as_object();
}

TEST(Gateway, RelaysForAClientWithACertificateAndRecordsIt) {
  const RunningGateway running(route_yaml());
  for (const char* version : {"-tls1_2", "-tls1_3"}) {
    const auto client = s_client(running, kAlice + " -quiet " + version);
    EXPECT_TRUE(client.holds("hello")) << client.output;
  }
  const auto opened = parsed(running.records->wait_for({R"("record":"opened")", "TLSv1.3"}));
  EXPECT_EQ(at(opened, "identity"), "spiffe://example.com/alice");
  EXPECT_EQ(at(opened, "serial"), pki().read("alice").serial().hex());
  EXPECT_EQ(at(opened, "route"), "web");
  EXPECT_EQ(at(opened, "possession"), "proven");
  const auto closed = parsed(running.records->wait_for({R"("record":"closed")"}));
  EXPECT_EQ(at(closed, "received"), "7");
  EXPECT_EQ(at(closed, "sent"), "7");
  EXPECT_EQ(at(closed, "reason"), "connection_ended");
}

TEST(Gateway, RefusesAClientWithoutACertificateAndSaysWhy) {
  const RunningGateway running(route_yaml());
  const auto client = s_client(running, "-tls1_3");
  EXPECT_TRUE(client.holds("alert number 116")) << client.output;
  EXPECT_FALSE(client.holds("hello\n"));
  const auto record = parsed(running.records->wait_for({R"("record":"refused")"}));
  EXPECT_EQ(at(record, "code"), "client_certificate_missing");
  EXPECT_EQ(at(record, "possession"), "unproven");
  EXPECT_EQ(at(record, "alert_sent/number"), "116");
  EXPECT_EQ(at(record, "id").size(), 4U);
  EXPECT_GT(at(record, "remedy").size(), 10U);
}

TEST(Gateway, ARefusalByRuleNamesTheRuleAndTheCertificate) {
  const RunningGateway running(route_yaml(R"([ { cn: bob } ])"));
  const auto client = s_client(running, kAlice);
  EXPECT_TRUE(client.holds("alert")) << client.output;
  const auto record = parsed(running.records->wait_for({R"("record":"refused")"}));
  EXPECT_EQ(at(record, "code"), "not_allowed_by_policy");
  EXPECT_EQ(at(record, "rule"), "no rule matched");
  EXPECT_EQ(at(record, "certificate/subject"), "CN=alice");
  EXPECT_EQ(at(record, "certificate/issuer"), "CN=Issuing");
  EXPECT_EQ(at(record, "certificate/san/0"), "uri:spiffe://example.com/alice");
  EXPECT_EQ(at(record, "certificate/subject_key_id").size(), 40U);
  EXPECT_EQ(at(record, "certificate/authority_key_id").size(), 40U);
}

TEST(Gateway, ARevocationBitesAtTheNextHandshake) {
  const RunningGateway running(route_yaml());
  EXPECT_TRUE(s_client(running, kAlice + " -quiet").holds("hello"));
  const auto issuer = revocation::IssuerKey::of(pki().read("issuing"));
  running.revocation->add(issuer, pki().read("alice").serial(), UnixSeconds{1'700'000'000});
  for (const char* version : {"-tls1_2", "-tls1_3"}) {
    const auto client = s_client(running, kAlice + " " + version);
    EXPECT_TRUE(client.holds("alert number 44")) << client.output;
  }
  const auto record = parsed(running.records->wait_for({R"("code":"client_certificate_revoked")"}));
  EXPECT_EQ(at(record, "certificate/serial"), pki().read("alice").serial().hex());
  const std::string bob = "-cert bob.chain -cert_chain bob.chain -key bob.key -quiet";
  EXPECT_TRUE(s_client(running, bob).holds("hello"));
}

TEST(Gateway, AServiceThatIsDownIsRecorded) {
  std::string yaml = route_yaml();
  net::Endpoint nobody;
  {
    const auto sockets = net::listen(net::Endpoint::parse("127.0.0.1:0").value(), {});
    nobody = net::bound_to(sockets->front().get());
  }
  yaml.replace(yaml.find("SERVICE"), 7, nobody.text());
  const RunningGateway running(yaml);
  s_client(running, kAlice + " -quiet");
  EXPECT_FALSE(running.records->wait_for({R"("record":"closed")", R"("reason":"backend_unreachable")"}).empty());
}

TEST(Gateway, StopsWithOpenConnectionsAndSaysDraining) {
  const RunningGateway running(route_yaml());
  TlsClient client(running.gateway->address_of("web").port, {});
  ASSERT_TRUE(client.write("x"));
  EXPECT_EQ(client.read(1), "x");
  std::thread stopping([&] { running.gateway->stop(); });
  EXPECT_EQ(client.read_some(), "");
  EXPECT_FALSE(client.closed_orderly());  // the service did not end
  client.shut_down();
  ::shutdown(client.descriptor(), SHUT_RDWR);
  stopping.join();
  EXPECT_FALSE(running.records->wait_for({R"("record":"closed")", R"("reason":"draining")"}).empty());
  EXPECT_EQ(running.gateway->connections(), 0U);
}

TEST(Gateway, PlainHttpOnThePortIsNamed) {
  const RunningGateway running(route_yaml());
  x509::testing::run("curl -s --max-time 5 http://127.0.0.1:" + running.port() + "/");
  EXPECT_EQ(at(parsed(running.records->wait_for({R"("record":"refused")"})), "code"), "plain_http");
}

TEST(Gateway, BeyondTheLimitOfConnectionsItRefusesAndRecords) {
  const RunningGateway running(route_yaml("any_verified", "limits: { connections: 1 }\n"));
  TlsClient first(running.gateway->address_of("web").port, {});
  ASSERT_TRUE(first.connected());
  TlsClient second(running.gateway->address_of("web").port, {});
  EXPECT_FALSE(second.connected());
  EXPECT_FALSE(running.records->wait_for({R"("code":"connection_limit")"}).empty());
  EXPECT_TRUE(first.write("x"));
  EXPECT_EQ(first.read(1), "x");
}

// Control characters and quotes in a subject must stay inside their JSON string.
TEST(Gateway, AHostileSubjectDoesNotBreakTheRecord) {
  const RunningGateway running(route_yaml());
  TlsClient client(running.gateway->address_of("web").port, {.name = "hostile"});
  client.read_some();
  const std::string line = running.records->wait_for({R"("record":"refused")"});
  for (const char c : line) EXPECT_GE(static_cast<std::uint8_t>(c), 0x20) << line;
  EXPECT_NE(at(parsed(line), "certificate/subject").find("evil"), std::string::npos) << line;
}

TEST(GatewayStart, FailsWholeOnFilesThatCannotBeUsed) {
  pki().folder.put("empty.crt", "");
  pki().folder.put("exposed.key", pki().folder.get("server.key"));
  std::filesystem::permissions(pki().folder / "exposed.key", std::filesystem::perms(0644));
  const auto code_with = [](const std::string& from, const std::string& to) {
    std::string yaml = route_yaml();
    yaml.replace(yaml.find("SERVICE"), 7, "127.0.0.1:1");
    yaml.replace(yaml.find(from), from.size(), to);
    auto config = read_config(yaml);
    if (!config) return config.error().code;
    GatewayInputs inputs;
    inputs.clock = &system_clock();
    inputs.records = std::make_shared<MemoryRecordSink>();
    auto started = Gateway::start(*config, std::move(inputs));
    if (started) return Code::connection_ended;
    EXPECT_FALSE(started.error().where.empty());
    return started.error().code;
  };
  EXPECT_EQ(code_with("root.crt", "empty.crt"), Code::trust_empty);
  EXPECT_EQ(code_with("root.crt", "missing.crt"), Code::file_missing);
  EXPECT_EQ(code_with("key: server.key", "key: alice.key"), Code::key_mismatch);
  EXPECT_EQ(code_with("key: server.key", "key: exposed.key"), Code::key_file_exposed);
  EXPECT_EQ(code_with("[root.crt]", "[authority]"), Code::authority_unreachable);
  EXPECT_EQ(code_with("root.crt", "root.crt"), Code::connection_ended);
}

}  // namespace
}  // namespace symbolon::gateway
