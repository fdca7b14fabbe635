// A revocation finds the open connections that stand on its certificate, those only, and at every moment of their
// beginning.
#include <array>
#include <atomic>
#include <future>

#include "gateway/testing/tls_client.h"

namespace symbolon::gateway {
namespace {

using namespace testing;
using revocation::IssuerKey;

constexpr UnixSeconds kLongAgo{1'700'000'000};

bool echoes(TlsClient& client) { return client.write("x") && client.read(1) == "x"; }

// How often certificates were asked about: what judging costs.
class Asked final : public x509::RevocationChecker {
 public:
  explicit Asked(std::shared_ptr<const revocation::RevocationSource> source) : source_(std::move(source)) {}
  Answer check(const x509::Certificate& issuer, const x509::SerialNumber& serial, UnixSeconds at) const override {
    ++count;
    return source_->check(issuer, serial, at);
  }
  Answer check_certificate(const x509::Certificate& issuer, const x509::Certificate& subject,
                           UnixSeconds at) const override {
    ++count;
    return source_->check_certificate(issuer, subject, at);
  }
  Answer check_pinned(const x509::Certificate& subject, UnixSeconds at) const override {
    ++count;
    return source_->check_pinned(subject, at);
  }
  std::uint64_t generation() const override { return source_->generation(); }

  mutable std::atomic<std::size_t> count{0};

 private:
  std::shared_ptr<const revocation::RevocationSource> source_;
};

// A gateway that is told what comes to its set.
class Told {
 public:
  explicit Told(const std::string& yaml, std::function<void(AdmissionStep)> after_step = {})
      : running(yaml, {}, [&](GatewayInputs& inputs) {
          asked =
              std::make_shared<Asked>(std::static_pointer_cast<const revocation::RevocationSource>(inputs.revocation));
          inputs.revocation = asked;
          inputs.after_step = std::move(after_step);
        }) {
    running.revocation->on_change([this](const revocation::Addition* added) { running.gateway->judge_again(added); });
  }
  Told(const Told&) = delete;
  Told& operator=(const Told&) = delete;
  ~Told() { running.revocation->on_change({}); }

  std::uint16_t port(const std::string& route = "web") const { return running.gateway->address_of(route).port; }
  void revoke(const std::string& issuer, const std::string& name) const {
    running.revocation->add(IssuerKey::of(pki().read(issuer)), pki().read(name).serial(), kLongAgo);
  }
  bool says(const std::string& reason) const {
    return !running.records->wait_for({R"("record":"closed")", R"("reason":")" + reason + '"'}).empty();
  }
  // Every thread has done what it was told until now, and what came of that.
  void settle() const {
    for (int i = 0; i < 4; ++i) {
      while (!running.gateway->threads_answer()) std::this_thread::yield();
    }
  }

  std::shared_ptr<Asked> asked;
  RunningGateway running;
};

::testing::AssertionResult closed(const Told& told, TlsClient& client, const std::string& reason) {
  if (!client.read_some().empty()) return ::testing::AssertionFailure() << "it goes on";
  ::shutdown(client.descriptor(), SHUT_RDWR);
  if (!told.says(reason)) return ::testing::AssertionFailure() << "no record says " << reason;
  return ::testing::AssertionSuccess();
}

std::string web(const std::string& trust = "root.crt") {
  return fmt::format(
      "threads: 1\nroutes:\n  - name: web\n    listen: 127.0.0.1:0\n    certificate: {{ cert: server.chain, key: "
      "server.key }}\n    clients: {{ trust: [{}], allow: any_verified }}\n    to: SERVICE\n",
      trust);
}

TEST(RevokedConnection, IsFoundWithoutLookingAtTheOthers) {
  const Told told(web());
  std::vector<std::unique_ptr<TlsClient>> others;
  for (int i = 0; i < 30; ++i) others.push_back(std::make_unique<TlsClient>(told.port(), Visitor{.name = "bob"}));
  TlsClient alice(told.port(), {});
  TlsClient again(told.port(), {});  // its path is known already
  ASSERT_TRUE(echoes(alice) && echoes(again));
  for (const auto& other : others) ASSERT_TRUE(echoes(*other));
  const std::size_t before = told.asked->count;
  told.revoke("issuing", "alice");
  EXPECT_TRUE(closed(told, alice, "client_certificate_revoked"));
  EXPECT_TRUE(closed(told, again, "client_certificate_revoked"));
  told.settle();
  EXPECT_LE(told.asked->count - before, 10U);  // two connections of two certificates each, by cache and by search
  for (const auto& other : others) EXPECT_TRUE(echoes(*other));
}

TEST(RevokedConnection, IsFoundByACAOfItsPath) {
  const Told told(web());
  std::vector<std::unique_ptr<TlsClient>> clients;
  for (int i = 0; i < 20; ++i)
    clients.push_back(std::make_unique<TlsClient>(told.port(), Visitor{.name = i % 2 == 0 ? "alice" : "bob"}));
  for (const auto& client : clients) ASSERT_TRUE(echoes(*client));
  told.revoke("other", "issuing");  // another CA's serial is nobody's here
  told.settle();
  for (const auto& client : clients) ASSERT_TRUE(echoes(*client));
  told.revoke("root", "issuing");
  for (const auto& client : clients) EXPECT_TRUE(closed(told, *client, "client_certificate_issuer_revoked"));
}

TEST(RevokedConnection, IsFoundWhereItsCertificateIsPinned) {
  const Told told(web("alice.crt, bob.crt"));
  TlsClient alice(told.port(), {});
  TlsClient bob(told.port(), {.name = "bob"});
  ASSERT_TRUE(echoes(alice) && echoes(bob));
  told.revoke("issuing", "alice");
  EXPECT_TRUE(closed(told, alice, "client_certificate_revoked"));
  EXPECT_TRUE(echoes(bob));
}

TEST(RevokedConnection, IsFoundAmongMoreAdditionsThanAreKeptApart) {
  std::promise<void> go_on;
  std::atomic<bool> stopped{false};
  const Told told(web(), [&, wait = go_on.get_future().share()](AdmissionStep step) {
    if (step != AdmissionStep::client_compared || stopped.exchange(true)) return;
    wait.wait();
  });
  auto alice = std::async(std::launch::async, [&] { return std::make_unique<TlsClient>(told.port(), Visitor{}); });
  while (!stopped) std::this_thread::yield();
  told.revoke("issuing", "alice");  // the first of many, while the thread is busy
  for (int i = 1; i <= 5000; ++i) {
    told.running.revocation->add(IssuerKey::of(pki().read("other")), *x509::SerialNumber::parse(fmt::format("{:x}", i)),
                                 kLongAgo);
  }
  go_on.set_value();
  EXPECT_TRUE(closed(told, *alice.get(), "client_certificate_revoked"));
}

TEST(RevokedConnection, AWholeNewSetIsHeldAgainstAll) {
  const Told told(web());
  TlsClient alice(told.port(), {});
  TlsClient bob(told.port(), {.name = "bob"});
  ASSERT_TRUE(echoes(alice) && echoes(bob));
  told.running.revocation->swap(revocation::RevocationSet::Builder()
                                    .add(IssuerKey::of(pki().read("issuing")), pki().read("alice").serial(), kLongAgo)
                                    .build());
  EXPECT_TRUE(closed(told, alice, "client_certificate_revoked"));
  EXPECT_TRUE(echoes(bob));
}

// Judged, then indexed, then compared, then relayed: here between the first two. The client keeps its Finished back
// until the gateway has judged it, the revocation came, and the thread has looked for whom it concerns.
class SlowClient {
 public:
  SlowClient(std::uint16_t port, int version)
      : context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free), descriptor_(connect_to(port)) {
    SSL_CTX_set_min_proto_version(context_.get(), version);
    SSL_CTX_set_max_proto_version(context_.get(), version);
    const Folder& folder = pki().folder;
    SSL_CTX_use_certificate_chain_file(context_.get(), (folder / "alice.chain").c_str());
    SSL_CTX_use_PrivateKey_file(context_.get(), (folder / "alice.key").c_str(), SSL_FILETYPE_PEM);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_.get());
    send_all(next_flight());  // ClientHello
    std::string flight;
    while (flight.empty()) {
      std::array<char, 16384> buffer;
      const ssize_t got = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
      if (got <= 0) return;
      BIO_write(SSL_get_rbio(ssl_.get()), buffer.data(), static_cast<int>(got));
      flight = next_flight();
    }
    const std::size_t last = last_record(flight);
    send_all(flight.substr(0, last));
    kept_back_ = flight.substr(last);
  }
  SlowClient(const SlowClient&) = delete;
  SlowClient& operator=(const SlowClient&) = delete;
  ~SlowClient() {
    ::close(descriptor_);
    ERR_clear_error();
  }

  void finish() { send_all(kept_back_); }
  void read_to_the_end() const {
    std::array<char, 16384> buffer;
    while (::recv(descriptor_, buffer.data(), buffer.size(), 0) > 0) {
    }
  }
  void leave() const { ::shutdown(descriptor_, SHUT_RDWR); }

 private:
  std::string next_flight() {
    SSL_do_handshake(ssl_.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(SSL_get_wbio(ssl_.get()), &data);
    std::string out(data, static_cast<std::size_t>(size));
    (void)BIO_reset(SSL_get_wbio(ssl_.get()));
    return out;
  }
  static std::size_t last_record(const std::string& flight) {
    std::size_t at = 0;
    while (true) {
      const auto octet = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(flight[i])); };
      const std::size_t end = at + 5 + octet(at + 3) * 256 + octet(at + 4);
      if (end >= flight.size()) return at;
      at = end;
    }
  }
  void send_all(const std::string& octets) const {
    EXPECT_EQ(::send(descriptor_, octets.data(), octets.size(), MSG_NOSIGNAL), static_cast<ssize_t>(octets.size()));
  }

  ForeignContext context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, &SSL_free};
  int descriptor_;
  std::string kept_back_;
};

// With and without CRLs of other CAs, which have a generation of their own.
class RevokedAtItsBeginning : public ::testing::TestWithParam<std::tuple<int, std::string>> {};

TEST_P(RevokedAtItsBeginning, BetweenJudgedAndIndexed) {
  const auto& [version, crls] = GetParam();
  const Told told(web() + crls);
  told.settle();  // nothing of its start is left that would judge again
  SlowClient alice(told.port(), version);
  while (told.asked->count < 2) std::this_thread::yield();  // both of its certificates
  told.settle();                                            // the judgement, too
  told.revoke("issuing", "alice");
  told.settle();
  alice.finish();
  alice.read_to_the_end();
  alice.leave();
  EXPECT_TRUE(told.says("client_certificate_revoked"));
}

INSTANTIATE_TEST_SUITE_P(Versions, RevokedAtItsBeginning,
                         ::testing::Combine(::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                                            ::testing::Values("", "crls: [ { from: root.crl } ]\n")));

// The thread stands where `step` has just been passed, and the revocation comes.
class RevokedBetweenSteps : public ::testing::TestWithParam<AdmissionStep> {};

TEST_P(RevokedBetweenSteps, OfTheClient) {
  std::atomic<const Told*> gateway{nullptr};
  std::atomic<int> passed{0};
  const Told told(web(), [&](AdmissionStep step) {
    if (step != GetParam() || passed.exchange(1) != 0) return;
    gateway.load()->revoke("issuing", "alice");
  });
  gateway = &told;
  TlsClient alice(told.port(), {});
  EXPECT_TRUE(closed(told, alice, "client_certificate_revoked"));
  EXPECT_EQ(passed, 1);
}

INSTANTIATE_TEST_SUITE_P(Steps, RevokedBetweenSteps,
                         ::testing::Values(AdmissionStep::client_indexed, AdmissionStep::client_compared));

class RevokedServer : public ::testing::TestWithParam<std::optional<AdmissionStep>> {};

// It listens in plain and dials TLS: its server is another gateway.
TEST_P(RevokedServer, LosesItsConnections) {
  const RunningGateway server(web());
  const std::string outward = fmt::format(
      "threads: 1\nroutes:\n  - name: out\n    listen: 127.0.0.1:0\n    to: 127.0.0.1:{}\n    server: {{ certificate: "
      "{{ cert: alice.chain, key: alice.key }}, name: a.example, trust: [root.crt] }}\n",
      server.port());
  std::atomic<const Told*> gateway{nullptr};
  std::atomic<int> passed{0};
  const Told told(outward, [&](AdmissionStep step) {
    if (step != GetParam() || passed.exchange(1) != 0) return;
    gateway.load()->revoke("issuing", "server");
  });
  gateway = &told;
  const int client = connect_to(told.port("out"));
  char got = 0;
  if (!GetParam()) {
    ASSERT_TRUE(::send(client, "x", 1, MSG_NOSIGNAL) == 1 && ::recv(client, &got, 1, 0) == 1 && got == 'x');
    told.revoke("root", "server");  // not its issuer
    told.settle();
    ASSERT_TRUE(::send(client, "x", 1, MSG_NOSIGNAL) == 1 && ::recv(client, &got, 1, 0) == 1 && got == 'x');
    told.revoke("root", "issuing");
  }
  EXPECT_LE(::recv(client, &got, 1, 0), 0);
  ::close(client);
  EXPECT_TRUE(told.says(GetParam() ? "server_certificate_revoked" : "server_certificate_issuer_revoked"));
}

INSTANTIATE_TEST_SUITE_P(Steps, RevokedServer,
                         ::testing::Values(std::nullopt, AdmissionStep::server_indexed,
                                           AdmissionStep::server_compared));

}  // namespace
}  // namespace symbolon::gateway
