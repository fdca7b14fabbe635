#include "signer/client.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <thread>

#include "signer/server.h"

namespace symbolon::signer {
namespace {

using std::chrono::milliseconds;

IntentName intent(std::int64_t issuer, std::string_view serial) {
  return {.issuer = issuer, .serial = x509::SerialNumber::parse(serial).value()};
}

// Signs with the serial's own octets; knows the issuer 1.
class EchoDesk final : public Desk {
 public:
  std::vector<OfferedKey> keys() const override {
    std::vector<OfferedKey> out = {{1, {1, 2}, {3}, true, Bytes{7, generation}}};
    if (second_) out.push_back({2, {4, 5}, {3}, false, {}});
    return out;
  }
  void offer_second() { second_ = true; }
  Result<Bytes> sign(const IntentName& name) override {
    ++asked;
    if (name.issuer != 1) return fail(Code::issuer_unknown, "issuer {}", name.issuer);
    return to_bytes(name.serial.magnitude());
  }
  // Signs with the number alone, and takes its time, or as long as it is held.
  Result<Bytes> sign_crl(const CrlName& crl) override {
    ++asked_crls;
    std::this_thread::sleep_for(crl_takes);
    if (crl_held.valid()) crl_held.wait();
    if (crl.issuer != 1) return fail(Code::issuer_unknown, "issuer {}", crl.issuer);
    return Bytes{static_cast<std::uint8_t>(crl.number)};
  }
  // Signs with the digits of the first serial; the name must be for its responder of now. Takes its time.
  std::vector<Result<SignedOcsp>> sign_ocsp(const std::vector<OcspName>& names) override {
    std::vector<Result<SignedOcsp>> out;
    for (const OcspName& name : names) {
      ++asked_ocsp;
      std::this_thread::sleep_for(ocsp_takes);
      if (name.responder.at(0) != generation) {
        out.push_back(fail(Code::ocsp_responder_changed, "another"));
      } else {
        out.push_back(SignedOcsp{
            .octets = {generation}, .said = {}, .signature = to_bytes(name.entries.front().serial.magnitude())});
      }
    }
    return out;
  }
  Bytes head_key() const override { return {8, generation}; }
  // Of as many entries as were asked for.
  Result<revocation::SignedHead> sign_head(revocation::HeadKind kind) override {
    const std::uint64_t count = ++asked_heads;
    return revocation::SignedHead{.head = {.kind = kind, .count = count, .time = UnixSeconds{7}}, .signature = {1, 2}};
  }
  std::atomic<std::uint64_t> asked_heads = 0;
  std::atomic<int> asked = 0;
  std::atomic<int> asked_ocsp = 0;
  milliseconds ocsp_takes{0};
  std::uint8_t generation = 0;
  std::atomic<int> asked_crls = 0;
  milliseconds crl_takes{0};
  std::shared_future<void> crl_held;

 private:
  std::atomic<bool> second_ = false;
};

OcspName response(std::string_view serial, std::uint8_t generation = 0) {
  OcspName out{.issuer = 1, .responder = {generation}, .this_update = {}, .next_update = {}, .entries = {}};
  out.entries.push_back({OcspHash::sha1, x509::SerialNumber::parse(serial).value()});
  return out;
}

struct Pair {
  int authority = -1;
  int signer = -1;
  Pair() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    authority = ends[0];
    signer = ends[1];
  }
};

// A signer in threads of the test; it ends with the socket.
class Signing {
 public:
  explicit Signing(int descriptor, std::uint8_t generation = 0) : descriptor_(descriptor) {
    desk.generation = generation;
    thread_ = std::thread([this] { serve({.descriptor = descriptor_, .threads = 2}, desk); });
  }
  ~Signing() { stop(); }
  void stop() {
    if (!thread_.joinable()) return;
    ::shutdown(descriptor_, SHUT_RDWR);
    thread_.join();
    ::close(descriptor_);
  }
  EchoDesk desk;

 private:
  int descriptor_;
  std::thread thread_;
};

std::shared_ptr<Client> client_of(int descriptor, ClientLimits limits = {}) {
  auto client = Client::open(descriptor, limits);
  EXPECT_TRUE(client) << client.error().text();
  return *client;
}

TEST(SignerClient, GetsKeysSignaturesAndRefusals) {
  const Pair pair;
  Signing signing(pair.signer);
  const auto client = client_of(pair.authority);
  EXPECT_EQ(client->keys(), signing.desk.keys());
  EXPECT_EQ(client->sign(intent(1, "0a1b")).value(), (Bytes{0x0a, 0x1b}));
  EXPECT_EQ(client->sign(intent(2, "0a1b")).error().code, Code::issuer_unknown);
}

TEST(SignerClient, CallsOfManyThreadsGetTheirOwnAnswers) {
  const Pair pair;
  Signing signing(pair.signer);
  const auto client = client_of(pair.authority);
  std::vector<std::future<bool>> callers;
  for (int thread = 0; thread < 16; ++thread) {
    callers.push_back(std::async(std::launch::async, [&, thread] {
      for (int i = 0; i < 200; ++i) {
        const IntentName name = intent(1, fmt::format("{:04x}", 0x1000 + thread * 200 + i));
        const auto signature = client->sign(name);
        if (!signature || *signature != to_bytes(name.serial.magnitude())) return false;
      }
      return true;
    }));
  }
  for (auto& caller : callers) EXPECT_TRUE(caller.get());
  EXPECT_EQ(signing.desk.asked, 16 * 200);
}

TEST(SignerClient, GetsHeadsWithWhatTheyAreOf) {
  const Pair pair;
  Signing signing(pair.signer);
  const auto client = client_of(pair.authority);
  EXPECT_EQ(client->head_key(), signing.desk.head_key());
  for (const auto kind : {revocation::HeadKind::audit, revocation::HeadKind::feed}) {
    const auto head = client->sign_head(kind);
    ASSERT_TRUE(head) << head.error().text();
    EXPECT_EQ(head->head.kind, kind);
    EXPECT_EQ(head->head.count, signing.desk.asked_heads);
    EXPECT_EQ(head->signature, (Bytes{1, 2}));
  }
}

// A long one is waited for longer, is not asked for again meanwhile, and holds up nobody.
TEST(SignerClient, ACrlIsSignedBesideCertificates) {
  const Pair pair;
  Signing signing(pair.signer);
  signing.desk.crl_takes = milliseconds(300);
  const auto client = client_of(pair.authority, {.answer = milliseconds(200), .repeat = milliseconds(20)});
  auto crl = std::async(std::launch::async, [&] { return client->sign_crl({.issuer = 1, .number = 5}); });
  while (signing.desk.asked_crls == 0) std::this_thread::yield();
  EXPECT_TRUE(client->sign(intent(1, "0a")));
  EXPECT_EQ(crl.get().value(), Bytes{5});
  EXPECT_EQ(signing.desk.asked_crls, 1);
  EXPECT_EQ(client->sign_crl({.issuer = 2}).error().code, Code::issuer_unknown);
}

// Repeated though it is being signed: one thread does, and the other one is there for certificates.
TEST(SignerClient, ACrlThatIsAskedForAgainMeanwhileIsSignedOnce) {
  const Pair pair;
  Signing signing(pair.signer);
  std::promise<void> release;
  signing.desk.crl_held = release.get_future();
  const auto client = client_of(pair.authority, {.repeat = milliseconds(20), .crl_repeat = milliseconds(20)});
  auto crl = std::async(std::launch::async, [&] { return client->sign_crl({.issuer = 1, .number = 5}); });
  while (signing.desk.asked_crls == 0) std::this_thread::yield();
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(client->sign(intent(1, "0a")));
    std::this_thread::sleep_for(milliseconds(30));  // it is asked for again meanwhile
  }
  EXPECT_EQ(client->sign_crl({.issuer = 1, .number = 6}).error().code, Code::overloaded);
  EXPECT_EQ(signing.desk.asked_crls, 1);
  release.set_value();
  EXPECT_EQ(crl.get().value(), Bytes{5});
}

TEST(SignerClient, OcspResponsesAndCertificatesOfManyThreadsGetTheirOwnAnswers) {
  const Pair pair;
  Signing signing(pair.signer);
  const auto client = client_of(pair.authority);
  std::vector<std::future<bool>> callers;
  for (int thread = 0; thread < 16; ++thread) {
    callers.push_back(std::async(std::launch::async, [&, thread] {
      for (int i = 0; i < 200; ++i) {
        const std::string serial = fmt::format("{:04x}", 0x1000 + thread * 200 + i);
        if (thread % 2 == 0) {
          const auto made = client->sign_ocsp(response(serial));
          if (!made || to_hex(made->signature) != serial) return false;
          continue;
        }
        const auto signature = client->sign(intent(1, serial));
        if (!signature || to_hex(*signature) != serial) return false;
      }
      return true;
    }));
  }
  for (auto& caller : callers) EXPECT_TRUE(caller.get());
  EXPECT_EQ(signing.desk.asked_ocsp, 8 * 200);
  EXPECT_EQ(signing.desk.asked, 8 * 200);
}

TEST(SignerClient, SeveralOcspResponsesShareTheWay) {
  const Pair pair;
  Signing signing(pair.signer);
  const auto client = client_of(pair.authority, {.ocsp_waiting = 40});
  std::vector<OcspName> names;
  for (int i = 0; i < 40; ++i) names.push_back(response(fmt::format("{:04x}", 0x1000 + i), i == 7 ? 1 : 0));
  const auto made = client->sign_ocsp(names);
  ASSERT_EQ(made.size(), names.size());
  for (std::size_t i = 0; i < made.size(); ++i) {
    if (i == 7) {
      EXPECT_EQ(made[i].error().code, Code::ocsp_responder_changed);
    } else {
      EXPECT_EQ(to_hex(made[i].value().signature), fmt::format("{:04x}", 0x1000 + i));
    }
  }
  names.push_back(response("0a1b"));
  for (const auto& one : client->sign_ocsp(names)) EXPECT_EQ(one.error().code, Code::overloaded);
  EXPECT_EQ(signing.desk.asked_ocsp, 40);
}

// A flood of questions leaves room for certificates.
TEST(SignerClient, OcspResponsesHaveABoundOfTheirOwn) {
  const Pair pair;
  Signing signing(pair.signer);
  signing.desk.ocsp_takes = milliseconds(500);
  const auto client = client_of(pair.authority, {.ocsp_waiting = 1});
  auto one = std::async(std::launch::async, [&] { return client->sign_ocsp(response("0a1b")); });
  while (signing.desk.asked_ocsp == 0) std::this_thread::yield();
  EXPECT_EQ(client->sign_ocsp(response("0a1c")).error().code, Code::overloaded);
  EXPECT_TRUE(client->sign(intent(1, "0a")));
  EXPECT_TRUE(one.get());
  signing.desk.ocsp_takes = milliseconds(0);
  EXPECT_TRUE(client->sign_ocsp(response("0a1c")));
}

TEST(SignerClient, ASignerThatEndsIsUnreachableAtOnce) {
  const Pair pair;
  Signing signing(pair.signer);
  const auto client = client_of(pair.authority);
  signing.stop();
  EXPECT_EQ(client->sign(intent(1, "0a")).error().code, Code::signer_unreachable);
}

TEST(SignerClient, ASignerThatSaysNothingIsUnreachableInTime) {
  const Pair pair;
  EXPECT_EQ(Client::open(pair.authority, {.hello = milliseconds(1)}).error().code, Code::signer_unreachable);
  ::close(pair.signer);
}

// The supervisor keeps both ends: when a signer dies, what it was asked waits for the next one.
TEST(SignerClient, ASignerThatIsStartedAnewGetsTheRequestOfTheDead) {
  const Pair pair;
  const int kept = ::dup(pair.signer);
  const auto first = std::make_unique<std::thread>([&] {
    EchoDesk desk;
    Bytes packet(kLargestPacket);
    ASSERT_GT(::recv(pair.signer, packet.data(), packet.size(), 0), 0);  // hello
    const Bytes keys = encode(Keys{desk.keys()});
    ASSERT_GT(::send(pair.signer, keys.data(), keys.size(), 0), 0);
    ASSERT_GT(::recv(pair.signer, packet.data(), packet.size(), 0), 0);  // the request, and it dies with it
    ::close(pair.signer);
  });
  const auto client = client_of(pair.authority, {.repeat = milliseconds(20)});
  auto call = std::async(std::launch::async, [&] { return client->sign(intent(1, "0a1b")); });
  first->join();
  Signing second(kept);
  EXPECT_EQ(call.get().value(), (Bytes{0x0a, 0x1b}));
}

// And when an authority ends, the next one finds the same signer.
TEST(SignerClient, AnAuthorityThatEndsLeavesTheWayToTheNext) {
  const Pair pair;
  Signing signing(pair.signer);
  const int kept = ::dup(pair.authority);
  EXPECT_TRUE(client_of(pair.authority)->sign(intent(1, "0a")));
  EXPECT_TRUE(client_of(kept)->sign(intent(1, "0b")));
}

TEST(SignerClient, AwaitsTheKeyOfASignerThatWasStartedSince) {
  const Pair pair;
  Signing signing(pair.signer);
  const auto client = client_of(pair.authority, {.hello = milliseconds(2000), .look = milliseconds(5)});
  EXPECT_TRUE(client->await_key(1));
  auto awaited = std::async(std::launch::async, [&] { return client->await_key(2); });
  signing.desk.offer_second();
  EXPECT_TRUE(awaited.get());
  EXPECT_EQ(client->keys().size(), 2U);
}

TEST(SignerClient, GetsTheResponderOfASignerThatWasStartedAnew) {
  const Pair pair;
  const int kept = ::dup(pair.signer);
  std::thread first([&] {
    EchoDesk desk;
    Bytes packet(kLargestPacket);
    ASSERT_GT(::recv(pair.signer, packet.data(), packet.size(), 0), 0);  // hello
    const Bytes keys = encode(Keys{desk.keys()});
    ASSERT_GT(::send(pair.signer, keys.data(), keys.size(), 0), 0);
    ::close(pair.signer);
  });
  const auto client = client_of(pair.authority, {.hello = milliseconds(2000), .look = milliseconds(5)});
  first.join();
  EXPECT_EQ(client->keys().at(0).responder, (Bytes{7, 0}));
  Signing second(kept, 1);
  EXPECT_EQ(client->sign_ocsp(response("0a1b")).error().code, Code::ocsp_responder_changed);
  ASSERT_TRUE(client->refresh_keys());
  EXPECT_EQ(client->keys().at(0).responder, (Bytes{7, 1}));
  EXPECT_TRUE(client->sign_ocsp(response("0a1b", 1)));
}

TEST(SignerClient, ASignerThatDoesNotSayItsKeysAgainIsUnreachableInTime) {
  const Pair pair;
  const Bytes keys = encode(Keys{});
  ASSERT_GT(::send(pair.signer, keys.data(), keys.size(), 0), 0);
  const auto client = client_of(pair.authority, {.hello = milliseconds(50), .look = milliseconds(5)});
  EXPECT_EQ(client->refresh_keys().error().code, Code::signer_unreachable);
  ::close(pair.signer);
}

TEST(SignerClient, NoMoreThanTheBoundWait) {
  const Pair pair;
  std::thread mute([&] {
    const Bytes keys = encode(Keys{});
    ASSERT_GT(::send(pair.signer, keys.data(), keys.size(), 0), 0);
  });
  const auto client = client_of(pair.authority, {.answer = milliseconds(50), .waiting = 0});
  mute.join();
  EXPECT_EQ(client->sign(intent(1, "0a")).error().code, Code::overloaded);
  ::close(pair.signer);
}

TEST(SignerServer, DropsWhatItCannotReadAndGoesOn) {
  const Pair pair;
  Signing signing(pair.signer);
  for (const Bytes& junk : {Bytes{9}, Bytes{1, 2, 0, 1}, Bytes(1000)}) {
    ASSERT_EQ(::send(pair.authority, junk.data(), junk.size(), 0), static_cast<ssize_t>(junk.size()));
  }
  const auto client = client_of(pair.authority);
  EXPECT_TRUE(client->sign(intent(1, "0a")));
}

}  // namespace
}  // namespace symbolon::signer
