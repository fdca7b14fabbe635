// What a reload does to those who are connected, and to the addresses that are listened on.
#include <sys/un.h>

#include <future>

#include "gateway/testing/tls_client.h"

namespace symbolon::gateway {
namespace {

using namespace testing;

std::string route(const std::string& name, const std::string& listen, const std::string& more = "",
                  const std::string& clients = "{ trust: [root.crt], allow: any_verified }") {
  return fmt::format(R"(  - name: {}
    listen: {}
    certificate: {{ cert: server.chain, key: server.key }}
    clients: {}
    to: SERVICE
{})",
                     name, listen, clients, more);
}

const std::string kHere = "127.0.0.1:0";
const std::string kOne = "threads: 2\nroutes:\n" + route("web", kHere);

bool echoes(TlsClient& client, std::string_view text = "x") {
  return client.write(text) && client.read(text.size()) == text;
}

// The end of an admitted connection, for this reason.
::testing::AssertionResult closed(const RunningGateway& running, TlsClient& client, const std::string& reason) {
  if (!client.read_some().empty()) return ::testing::AssertionFailure() << "it goes on";
  client.shut_down();
  ::shutdown(client.descriptor(), SHUT_RDWR);
  if (running.records->wait_for({R"("record":"closed")", R"("reason":")" + reason + '"'}).empty())
    return ::testing::AssertionFailure() << "no record says " << reason;
  return ::testing::AssertionSuccess();
}

TEST(Reload, ChangedRulesCloseExactlyThoseWhoAreNoLongerAdmitted) {
  const RunningGateway running(kOne);
  const std::uint16_t port = running.gateway->address_of("web").port;
  TlsClient alice(port, {});
  TlsClient bob(port, {.name = "bob"});
  ASSERT_TRUE(echoes(alice) && echoes(bob));
  const std::string only_bob = "{ trust: [root.crt], allow: [ { cn: bob } ] }";
  ASSERT_TRUE(running.gateway->reload(running.read("threads: 2\nroutes:\n" + route("web", kHere, "", only_bob))));
  EXPECT_TRUE(closed(running, alice, "not_allowed_by_policy"));
  EXPECT_TRUE(echoes(bob));
  EXPECT_EQ(running.gateway->reload_state().generation, 2U);
  ASSERT_TRUE(running.gateway->reload(running.read("threads: 2\nroutes:\n" + route("web", kHere, "", only_bob))));
  EXPECT_TRUE(echoes(bob));
}

TEST(Reload, TrustThatIsTakenAwayClosesThoseWhoStoodOnIt) {
  const RunningGateway running(kOne);
  TlsClient alice(running.gateway->address_of("web").port, {});
  ASSERT_TRUE(echoes(alice));
  const std::string other = "{ trust: [other.crt], allow: any_verified }";
  ASSERT_TRUE(running.gateway->reload(running.read("threads: 2\nroutes:\n" + route("web", kHere, "", other))));
  EXPECT_TRUE(closed(running, alice, "client_certificate_untrusted_issuer"));
}

TEST(Reload, ACertificateThatIsDemandedNowClosesTheAnonymous) {
  const auto yaml = [](const std::string& verify) {
    return "threads: 1\nroutes:\n" +
           route("web", kHere, "", "{ verify: " + verify + ", trust: [root.crt], allow: any_verified }");
  };
  const RunningGateway running(yaml("optional"));
  TlsClient nobody(running.gateway->address_of("web").port, {.name = ""});
  TlsClient alice(running.gateway->address_of("web").port, {});
  ASSERT_TRUE(echoes(nobody) && echoes(alice));
  ASSERT_TRUE(running.gateway->reload(running.read(yaml("require"))));
  EXPECT_TRUE(closed(running, nobody, "client_certificate_missing"));
  EXPECT_TRUE(echoes(alice));
}

TEST(Reload, ARouteThatIsGoneOrANameThatLeadsElsewhereClosesItsConnections) {
  const std::string a = route("a", kHere, "    names: [a.example]\n");
  const std::string b = route("b", kHere, "    names: [b.example]\n");
  const std::string c = route("c", kHere, "    names: [a.example]\n");
  const RunningGateway running("threads: 1\nroutes:\n" + a + b);
  TlsClient of_a(running.gateway->address_of("a").port, {.server_name = "a.example"});
  TlsClient of_b(running.gateway->address_of("a").port, {.server_name = "b.example"});
  ASSERT_TRUE(echoes(of_a) && echoes(of_b));
  ASSERT_TRUE(running.gateway->reload(running.read("threads: 1\nroutes:\n" + b + c)));
  EXPECT_TRUE(closed(running, of_a, "route_removed"));
  EXPECT_TRUE(echoes(of_b));
  ASSERT_TRUE(running.gateway->reload(running.read("threads: 1\nroutes:\n" + c)));
  EXPECT_TRUE(closed(running, of_b, "route_removed"));
}

TEST(Reload, ARevocationClosesTheConnectionOfItsCertificate) {
  const RunningGateway running(kOne);
  const std::uint16_t port = running.gateway->address_of("web").port;
  TlsClient alice(port, {});
  TlsClient bob(port, {.name = "bob"});
  ASSERT_TRUE(echoes(alice) && echoes(bob));
  running.revocation->on_change([&](const revocation::Addition* added) { running.gateway->judge_again(added); });
  running.revocation->add(revocation::IssuerKey::of(pki().read("issuing")), pki().read("alice").serial(),
                          UnixSeconds{1'700'000'000});
  EXPECT_TRUE(closed(running, alice, "client_certificate_revoked"));
  EXPECT_TRUE(echoes(bob));
  running.revocation->on_change({});
}

// Connected before the reload, and done with the handshake after it: judged by what holds then.
TEST(Reload, AHandshakeThatIsUnderWayIsJudgedByTheNewRules) {
  const RunningGateway running(kOne);
  const TlsClient::Connected early{connect_to(running.gateway->address_of("web").port)};
  while (running.gateway->connections() == 0) std::this_thread::yield();
  const std::string only_bob = "{ trust: [root.crt], allow: [ { cn: bob } ] }";
  ASSERT_TRUE(running.gateway->reload(running.read("threads: 2\nroutes:\n" + route("web", kHere, "", only_bob))));
  TlsClient alice(early, {});
  alice.write("x");
  EXPECT_TRUE(closed(running, alice, "not_allowed_by_policy"));
}

// A route that listens in plain and dials TLS: its server is another gateway.
std::string outward(const RunningGateway& server, const std::string& of_server) {
  return fmt::format(
      "threads: 1\nroutes:\n  - name: out\n    listen: 127.0.0.1:0\n    to: 127.0.0.1:{}\n    server: {{ certificate: "
      "{{ "
      "cert: alice.chain, key: alice.key }}, name: a.example, {} }}\n",
      server.port(), of_server);
}

// A plain client that is answered stands on an admitted server.
bool echoes(int plain) {
  char got = 0;
  return ::send(plain, "x", 1, MSG_NOSIGNAL) == 1 && ::recv(plain, &got, 1, 0) == 1 && got == 'x';
}

TEST(Reload, AServerThatIsNoLongerTrustedOrAdmittedLosesItsConnections) {
  const RunningGateway server(kOne);
  const RunningGateway client(outward(server, "trust: [root.crt]"));
  const auto change = [&](const std::string& of_server) {
    EXPECT_TRUE(client.gateway->reload(client.read(outward(server, of_server))));
  };
  const int first = connect_to(client.gateway->address_of("out").port);
  ASSERT_TRUE(echoes(first));
  change("trust: [root.crt], allow: [ { cn: server } ]");
  EXPECT_TRUE(echoes(first));
  change("trust: [root.crt], deny: [ { cn: server } ]");
  EXPECT_FALSE(client.records->wait_for({R"("record":"closed")", R"("reason":"not_allowed_by_policy")"}).empty());
  change("trust: [root.crt]");
  const int second = connect_to(client.gateway->address_of("out").port);
  ASSERT_TRUE(echoes(second));
  change("trust: [other.crt]");
  EXPECT_FALSE(
      client.records->wait_for({R"("record":"closed")", R"("reason":"server_certificate_untrusted_issuer")"}).empty());
  ::close(first);
  ::close(second);
}

TEST(Reload, ChangedLimitsHoldForThoseWhoComeLater) {
  const auto yaml = [](int connections) {
    return kOne + fmt::format("    limits: {{ connections: {} }}\n", connections);
  };
  const RunningGateway running(yaml(2));
  const std::uint16_t port = running.gateway->address_of("web").port;
  TlsClient alice(port, {});
  TlsClient bob(port, {.name = "bob"});
  ASSERT_TRUE(echoes(alice) && echoes(bob));
  ASSERT_TRUE(running.gateway->reload(running.read(yaml(1))));
  EXPECT_TRUE(echoes(alice) && echoes(bob));
  const TlsClient third(port, {});
  EXPECT_FALSE(running.records->wait_for({R"("record":"refused")", R"("code":"route_connection_limit")"}).empty());
  ASSERT_TRUE(running.gateway->reload(running.read(yaml(3))));
  TlsClient fourth(port, {});
  EXPECT_TRUE(echoes(fourth));
}

TEST(Reload, ABrokenFileKeepsEverythingAndIsSaid) {
  const RunningGateway running(kOne);
  TlsClient alice(running.gateway->address_of("web").port, {});
  ASSERT_TRUE(echoes(alice));
  const std::string broken = "{ trust: [absent.crt], allow: any_verified }";
  const auto refused = running.gateway->reload(running.read("threads: 2\nroutes:\n" + route("web", kHere, "", broken)));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::file_missing);
  EXPECT_TRUE(echoes(alice));
  TlsClient bob(running.gateway->address_of("web").port, {.name = "bob"});
  EXPECT_TRUE(echoes(bob));
  ReloadState state = running.gateway->reload_state();
  EXPECT_EQ(state.generation, 1U);
  EXPECT_EQ(state.failures, 1U);
  ASSERT_TRUE(state.failure.has_value());
  EXPECT_EQ(state.failure->code, Code::file_missing);
  ASSERT_TRUE(running.gateway->refresh());
  state = running.gateway->reload_state();
  EXPECT_EQ(state.generation, 2U);
  EXPECT_FALSE(state.failure.has_value());
}

TEST(Addresses, ComeAndGoWhileOthersServeOn) {
  const std::string there = "127.0.0.2:0";
  const RunningGateway running("threads: 2\nroutes:\n" + route("web", kHere));
  const std::uint16_t port = running.gateway->address_of("web").port;
  TlsClient alice(port, {});
  ASSERT_TRUE(echoes(alice));
  ASSERT_TRUE(
      running.gateway->reload(running.read("threads: 2\nroutes:\n" + route("web", kHere) + route("new", there))));
  const auto added = running.gateway->address_of("new");
  EXPECT_EQ(running.gateway->address_of("web").port, port);
  const auto outcome = x509::testing::run(
      fmt::format("(cd {} && printf 'hello.\\n' | timeout 20 openssl s_client -connect {} -CAfile root.crt -quiet "
                  "-cert alice.chain -cert_chain alice.chain -key alice.key)",
                  pki().folder.path().string(), added.text()));
  EXPECT_NE(outcome.output.find("hello."), std::string::npos) << outcome.output;
  ASSERT_TRUE(running.gateway->reload(running.read(kOne)));
  EXPECT_TRUE(echoes(alice));
  // The threads close it in their own time.
  const auto refused = [&] {
    return x509::testing::run(fmt::format("timeout 5 bash -c '</dev/tcp/127.0.0.2/{}'", added.port)).status != 0;
  };
  while (!refused()) std::this_thread::yield();
}

TEST(Addresses, OneThatIsTakenFailsTheReloadAndBindsNothing) {
  const RunningGateway running(kOne);
  const auto taken = net::listen(net::Endpoint::parse("127.0.0.1:0").value(), {});
  const std::string there = net::bound_to(taken->front().get()).text();
  const auto refused = running.gateway->reload(
      running.read("threads: 2\nroutes:\n" + route("free", "127.0.0.2:0") + route("taken", there)));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::listen_in_use);
  EXPECT_FALSE(refused.error().where.empty());
  TlsClient alice(running.gateway->address_of("web").port, {});
  EXPECT_TRUE(echoes(alice));
}

// One socket, several threads: who accepts hands out.
TEST(Addresses, AUnixSocketServesFromEveryThreadAndItsFileGoesWithTheRoute) {
  const Folder folder;
  const std::string path = folder / "in.sock";
  const std::string in = "threads: 3\nroutes:\n" + route("web", "\"unix:" + path + "\"") +
                         "listeners:\n  - listen: \"unix:" + path + "\"\n    socket_mode: 0660\n";
  const RunningGateway running(in);
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0660));
  std::vector<std::unique_ptr<TlsClient>> clients;
  for (int i = 0; i < 9; ++i) {
    const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    ASSERT_EQ(connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    clients.push_back(std::make_unique<TlsClient>(TlsClient::Connected{descriptor}, Visitor{}));
  }
  for (const auto& client : clients) EXPECT_TRUE(echoes(*client));
  ASSERT_TRUE(running.gateway->reload(running.read("threads: 3\nroutes:\n" + route("web", kHere))));
  EXPECT_FALSE(std::filesystem::exists(path));
  for (const auto& client : clients) EXPECT_TRUE(closed(running, *client, "route_removed"));
}

TEST(Drain, LetsOpenConnectionsEndByThemselves) {
  const RunningGateway running(kOne);
  const std::uint16_t port = running.gateway->address_of("web").port;
  auto alice = std::make_unique<TlsClient>(port, Visitor{});
  ASSERT_TRUE(echoes(*alice));
  const TlsClient::Connected waiting{connect_to(port)};  // in the backlog, or just taken from it
  std::promise<void> ended;
  running.gateway->drain([&] { ended.set_value(); });
  EXPECT_TRUE(running.gateway->draining());
  EXPECT_TRUE(echoes(*alice, "still here"));
  auto bob = std::make_unique<TlsClient>(waiting, Visitor{.name = "bob"});
  EXPECT_TRUE(echoes(*bob));
  // Half-closed by the client: the rest of the answer still comes.
  ASSERT_TRUE(alice->write("last"));
  alice->shut_down();
  EXPECT_EQ(alice->read(4), "last");
  alice.reset();
  bob.reset();
  EXPECT_EQ(ended.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_NE(x509::testing::run(fmt::format("timeout 5 bash -c '</dev/tcp/127.0.0.1/{}'", port)).status, 0);
}

TEST(Drain, EndsWhatIsLeftAtItsBound) {
  const RunningGateway running("drain_timeout: 0s\n" + kOne);
  TlsClient alice(running.gateway->address_of("web").port, {});
  ASSERT_TRUE(echoes(alice));
  std::promise<void> ended;
  running.gateway->drain([&] { ended.set_value(); });
  EXPECT_TRUE(closed(running, alice, "draining"));
  EXPECT_EQ(ended.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

TEST(Threads, AnswerWhenTheyAreAsked) {
  const RunningGateway running(kOne);
  for (int i = 0; i < 3; ++i) {
    while (!running.gateway->threads_answer()) std::this_thread::yield();
  }
}

std::size_t open_descriptors() {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

TEST(Reload, HundredsOfTimesTakeNoMoreDescriptors) {
  const RunningGateway running(kOne);
  TlsClient alice(running.gateway->address_of("web").port, {});
  ASSERT_TRUE(echoes(alice));
  const auto one = running.read(kOne);
  const auto two = running.read(kOne + route("new", "127.0.0.2:0"));
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(running.gateway->reload(two));
    ASSERT_TRUE(running.gateway->reload(one));
    ASSERT_TRUE(echoes(alice));
  }
  while (open_descriptors() > before) std::this_thread::yield();
}

}  // namespace
}  // namespace symbolon::gateway
