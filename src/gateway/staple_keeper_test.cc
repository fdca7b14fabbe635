// Staples from `openssl ocsp`, about certificates that openssl made: nothing of ours answers here.
#include "gateway/staple_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <thread>

#include "gateway/staple_fetch.h"
#include "gateway/testing/becomes.h"
#include "gateway/testing/tls_client.h"

namespace symbolon::gateway {
namespace {

using gateway::testing::becomes;
using namespace testing;
using std::chrono::milliseconds;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using x509::testing::must;

constexpr StapleTimes kSoon{
    .first_retry = milliseconds(20), .longest_retry = milliseconds(50), .look = milliseconds(5)};

// `openssl ocsp` on this port, or on one that is free. It reads the index anew when that has changed.
class Responder {
 public:
  Responder(const Folder& folder, std::uint16_t port, const std::string& options) {
    const std::string command = fmt::format(
        "cd {} && exec openssl ocsp -port {} -index index -CA ca.crt -rsigner ca.crt -rkey ca.key {} 2>/dev/null",
        folder.path().string(), port, options);
    pipe_ = popen(command.c_str(), "r");
    int pid = 0;
    int bound = 0;
    char line[256];
    // "ACCEPT [::]:33115 PID=24856"
    while (std::fgets(line, sizeof(line), pipe_) != nullptr) {
      const char* const end = std::strrchr(line, ':');
      if (end != nullptr && std::sscanf(end, ":%d PID=%d", &bound, &pid) == 2) break;
    }
    EXPECT_GT(pid, 0) << command;
    pid_ = pid;
    port_ = static_cast<std::uint16_t>(bound);
  }
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;
  ~Responder() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    pclose(pipe_);
  }
  std::uint16_t port() const { return port_; }

 private:
  std::FILE* pipe_ = nullptr;
  pid_t pid_ = 0;
  std::uint16_t port_ = 0;
};

// A CA of openssl's, and a leaf of it that names a responder.
class StapleTest : public ::testing::Test {
 protected:
  static constexpr std::string_view kKey = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";

  StapleTest() {
    must(fmt::format("cd {} && openssl req -x509 {} -keyout ca.key -out ca.crt -subj /CN=CA -days 9 && touch index",
                     folder.path().string(), kKey));
  }

  // `urls`: the extension's value, empty: without; the file has the root behind the leaf.
  std::shared_ptr<const tls::Credential> issue(const std::string& serial, const std::string& urls,
                                               const std::string& more = "") {
    const std::string access = urls.empty() ? "" : fmt::format("authorityInfoAccess={}\n", urls);
    folder.put("ext", fmt::format("{}subjectAltName=DNS:a.example\n{}\n", access, more));
    must(
        fmt::format("cd {} && openssl req -new {} -keyout leaf.key -subj /CN=leaf{} -out leaf.csr && openssl x509 "
                    "-req -in leaf.csr -CA ca.crt -CAkey ca.key -set_serial 0x{} -days 5 -extfile ext -out leaf.crt "
                    "&& chmod 600 leaf.key && cat leaf.crt ca.crt > leaf.chain",
                    folder.path().string(), kKey, serial, serial));
    auto made = tls::Credential::load(folder / "leaf.chain", folder / "leaf.key");
    EXPECT_TRUE(made) << made.error().text();
    return *made;
  }
  static std::string url_of(const Responder& responder) {
    return fmt::format("OCSP;URI:http://127.0.0.1:{}/", responder.port());
  }
  void says(const std::string& lines) { folder.put("index", lines); }
  static std::string good(const std::string& serial) {
    return fmt::format("V\t400101000000Z\t\t{}\tunknown\t/CN=leaf{}\n", serial, serial);
  }
  static std::string revoked(const std::string& serial) {
    return fmt::format("R\t400101000000Z\t200101000000Z\t{}\tunknown\t/CN=leaf{}\n", serial, serial);
  }

  // What `openssl ocsp` says about that leaf now, as a file.
  void answer(const std::string& file) {
    must(fmt::format(
        "cd {} && openssl ocsp -issuer ca.crt -cert leaf.crt -no_nonce -reqout request && openssl ocsp -index "
        "index -CA ca.crt -rsigner ca.crt -rkey ca.key -reqin request -respout {} -nmin 60",
        folder.path().string(), file));
  }
  UnixSeconds this_update_of(const std::string& file, const x509::Certificate& leaf) {
    const std::string der = folder.get(file);
    const auto ca = x509::Certificate::from_pem(folder.get("ca.crt"))->front();
    const auto reading = revocation::read_ocsp(as_bytes(der), {leaf, ca}, system_clock().now());
    EXPECT_TRUE(reading) << reading.error().text();
    return reading ? reading->this_update : UnixSeconds();
  }
  // A gateway whose one route presents the leaf that was issued last.
  std::string yaml(const std::string& more = "") const {
    std::string out = route_yaml();
    const std::string files = "cert: server.chain, key: server.key";
    out.replace(out.find(files), files.size(),
                fmt::format("cert: {}, key: {}", folder / "leaf.chain", folder / "leaf.key"));
    return out + more;
  }

  static StapleWish wish(std::shared_ptr<const tls::Credential> credential, const std::string& route = "web") {
    return {.route = route,
            .credential = std::move(credential),
            .trust = nullptr,
            .slot = std::make_shared<tls::StapleSlot>(system_clock())};
  }

  Folder folder;
};

TEST_F(StapleTest, IsFetchedAndHoldsAsLongAsTheResponderSays) {
  says(good("0A01"));
  const Responder responder(folder, 0, "-nmin 60");
  StapleKeeper keeper(system_clock(), kSoon);
  const StapleWish wished = wish(issue("0A01", url_of(responder)));
  keeper.keep({wished});
  EXPECT_EQ(keeper.slot_of(wished.credential->leaf()), wished.slot);
  ASSERT_TRUE(becomes([&] { return wished.slot->current() != nullptr; }));
  const auto staple = wished.slot->current();
  const Seconds left = staple->next_update - system_clock().now();
  EXPECT_GT(left, kMinute * 58);
  EXPECT_LE(left, kHour);
  EXPECT_THAT(keeper.warnings(), IsEmpty());
  // The foreign judge's word.
  folder.put("staple", ByteView(staple->der));
  EXPECT_THAT(must(fmt::format("cd {} && openssl ocsp -respin staple -CAfile ca.crt -issuer ca.crt -cert leaf.crt "
                               "-no_nonce",
                               folder.path().string())),
              HasSubstr("leaf.crt: good"));
}

// The wall clock, moved by hand; counts how often it was looked at.
class MovedClock final : public Clock {
 public:
  UnixSeconds now() const override {
    ++looks;
    return system_clock().now() + Seconds{ahead};
  }
  mutable std::atomic<int> looks{0};
  std::atomic<std::int64_t> ahead{0};
};

TEST_F(StapleTest, IsRenewedWhenHalfOfItsTimeIsOver) {
  says(good("0A02"));
  const Responder responder(folder, 0, "-nmin 60");
  MovedClock clock;
  StapleKeeper keeper(clock, kSoon);
  const StapleWish wished = wish(issue("0A02", url_of(responder)));
  keeper.keep({wished});
  ASSERT_TRUE(becomes([&] { return wished.slot->latest() != nullptr; }));
  const auto first = wished.slot->latest();
  clock.ahead = 60 * 26;
  const int seen = clock.looks;
  ASSERT_TRUE(becomes([&] { return clock.looks > seen + 10; }));
  EXPECT_EQ(wished.slot->latest(), first);
  clock.ahead = 60 * 31;
  EXPECT_TRUE(becomes([&] { return wished.slot->latest() != first; }));
}

TEST_F(StapleTest, IsRenewedOftenHoweverLongItHolds) {
  says(good("0A0B"));
  const Responder responder(folder, 0, "-nmin 60");
  MovedClock clock;
  StapleTimes often = kSoon;
  often.longest_renewal = std::chrono::seconds(60);
  StapleKeeper keeper(clock, often);
  const StapleWish wished = wish(issue("0A0B", url_of(responder)));
  keeper.keep({wished});
  ASSERT_TRUE(becomes([&] { return wished.slot->latest() != nullptr; }));
  const auto first = wished.slot->latest();
  clock.ahead = 61;
  EXPECT_TRUE(becomes([&] { return wished.slot->latest() != first; }));
}

// RFC 6960 §4.2.2.2: without the certificate of its signer a response stands for nothing.
TEST_F(StapleTest, EndsWithTheCertificateOfItsSigner) {
  says(good("0A0C"));
  const Responder responder(folder, 0, "-ndays 30");
  StapleKeeper keeper(system_clock(), kSoon);
  const StapleWish wished = wish(issue("0A0C", url_of(responder)));
  keeper.keep({wished});
  ASSERT_TRUE(becomes([&] { return wished.slot->current() != nullptr; }));
  const auto ca = x509::Certificate::from_pem(folder.get("ca.crt"))->front();
  EXPECT_EQ(wished.slot->current()->next_update, ca.validity().not_after);
}

TEST_F(StapleTest, IsNoneThatIsLongerThanClientsTake) {
  says(good("0A0D"));
  must(fmt::format("cd {} && for i in $(seq 60); do cat ca.crt; done > many", folder.path().string()));
  const Responder responder(folder, 0, "-nmin 60 -rother many");
  StapleKeeper keeper(system_clock(), kSoon);
  const StapleWish wished = wish(issue("0A0D", url_of(responder)));
  keeper.keep({wished});
  ASSERT_TRUE(becomes([&] { return !keeper.warnings().empty(); }));
  EXPECT_THAT(keeper.warnings(), ElementsAre(HasSubstr("16380 at most")));
  EXPECT_EQ(wished.slot->latest(), nullptr);
}

TEST_F(StapleTest, IsSaidToEndSoonWhereItCannotBeRenewed) {
  says(good("0A0E"));
  auto responder = std::make_unique<Responder>(folder, 0, "-nmin 60");
  MovedClock clock;
  StapleKeeper keeper(clock, kSoon);
  StapleWish wished = wish(issue("0A0E", url_of(*responder)));
  wished.slot = std::make_shared<tls::StapleSlot>(clock);
  keeper.keep({wished});
  ASSERT_TRUE(becomes([&] { return wished.slot->current() != nullptr; }));
  responder.reset();
  clock.ahead = 60 * 40;  // due, and more than a quarter is left
  int seen = clock.looks;
  ASSERT_TRUE(becomes([&] { return clock.looks > seen + 20; }));
  EXPECT_THAT(keeper.warnings(), IsEmpty());
  clock.ahead = 60 * 50;
  ASSERT_TRUE(becomes([&] { return !keeper.warnings().empty(); }));
  EXPECT_THAT(keeper.warnings(), ElementsAre(HasSubstr("cannot be renewed")));
  EXPECT_NE(wished.slot->current(), nullptr);
  clock.ahead = 60 * 61;
  ASSERT_TRUE(becomes([&] { return !wished.slot->current(); }));
  EXPECT_THAT(keeper.warnings(), ElementsAre(HasSubstr("without a staple")));
}

// Answers whatever it is asked with the octets of a file.
class Replayer {
 public:
  explicit Replayer(const std::string& file) : listener_(context_.get_executor(), bind()) {
    says(file);
    boost::asio::co_spawn(context_, serve(), boost::asio::detached);
    thread_ = std::thread([this] { context_.run(); });
  }
  Replayer(const Replayer&) = delete;
  Replayer& operator=(const Replayer&) = delete;
  ~Replayer() {
    context_.stop();
    thread_.join();
  }
  std::string url() const { return fmt::format("OCSP;URI:http://127.0.0.1:{}/", listener_.local().port); }
  void says(const std::string& octets) {
    const std::scoped_lock lock(mutex_);
    answer_ = fmt::format("HTTP/1.1 200 OK\r\nContent-Type: application/ocsp-response\r\nContent-Length: {}\r\n\r\n",
                          octets.size()) +
              octets;
  }
  int answers() const { return answers_; }

 private:
  static net::ListeningSocket bind() {
    auto sockets = net::listen(net::Endpoint::parse("127.0.0.1:0").value(), {});
    return std::move(sockets->front());
  }
  net::Task<void> serve() {
    while (true) {
      auto accepted = co_await listener_.accept();
      if (!accepted) co_return;
      std::array<char, 4096> request;
      boost::system::error_code error;
      co_await accepted->socket.async_read_some(boost::asio::buffer(request),
                                                boost::asio::redirect_error(boost::asio::use_awaitable, error));
      std::string answer;
      {
        const std::scoped_lock lock(mutex_);
        answer = answer_;
      }
      co_await boost::asio::async_write(accepted->socket, boost::asio::buffer(answer),
                                        boost::asio::redirect_error(boost::asio::use_awaitable, error));
      ++answers_;
      // What is closed with octets unread would take the answer back.
      while (!error)
        co_await accepted->socket.async_read_some(boost::asio::buffer(request),
                                                  boost::asio::redirect_error(boost::asio::use_awaitable, error));
    }
  }

  boost::asio::io_context context_{1};
  net::Listener listener_;
  std::mutex mutex_;
  std::string answer_;
  std::atomic<int> answers_{0};
  std::thread thread_;
};

// In the network somebody can keep an answer and give it again.
TEST_F(StapleTest, IsNeverOlderThanTheNewestAnswer) {
  Replayer responder("");
  StapleWish wished = wish(issue("0A0F", responder.url()));
  const auto& leaf = wished.credential->leaf();
  says(good("0A0F"));
  answer("good");
  says(revoked("0A0F"));
  ASSERT_TRUE(becomes([&] {
    answer("revoked");
    return this_update_of("revoked", leaf) > this_update_of("good", leaf);
  }));
  responder.says(folder.get("good"));
  MovedClock clock;
  wished.slot = std::make_shared<tls::StapleSlot>(clock);
  StapleKeeper keeper(clock, kSoon);
  keeper.keep({wished});
  ASSERT_TRUE(becomes([&] { return wished.slot->current() != nullptr; }));
  responder.says(folder.get("revoked"));
  clock.ahead = 60 * 40;
  ASSERT_TRUE(becomes([&] { return wished.slot->latest() == nullptr; }));
  responder.says(folder.get("good"));
  const int seen = responder.answers();
  ASSERT_TRUE(becomes([&] { return responder.answers() > seen + 3; }));
  EXPECT_EQ(wished.slot->latest(), nullptr);
  ASSERT_TRUE(becomes([&] {
    const auto said = keeper.warnings();
    return !said.empty() && said.front().find("came earlier") != std::string::npos;
  }));
}

TEST_F(StapleTest, IsTakenAwayFromARevokedCertificate) {
  says(revoked("0A03"));
  const Responder responder(folder, 0, "-nmin 60");
  StapleKeeper keeper(system_clock(), kSoon);
  const StapleWish wished = wish(issue("0A03", url_of(responder)));
  wished.slot->put(std::make_shared<const tls::Staple>(
      tls::Staple{.der = {1}, .this_update = {}, .next_update = system_clock().now() + kHour}));
  keeper.keep({wished});
  ASSERT_TRUE(becomes([&] { return !wished.slot->latest(); }));
  ASSERT_TRUE(becomes([&] { return !keeper.warnings().empty(); }));
  EXPECT_THAT(keeper.warnings(), ElementsAre(HasSubstr("revoked since 2020-01-01")));
}

TEST_F(StapleTest, IsNoneThatSaysUnknown) {
  const Responder responder(folder, 0, "-nmin 60");
  StapleKeeper keeper(system_clock(), kSoon);
  const StapleWish wished = wish(issue("0A04", url_of(responder)));
  keeper.keep({wished});
  ASSERT_TRUE(becomes([&] { return !keeper.warnings().empty(); }));
  EXPECT_THAT(keeper.warnings(), ElementsAre(HasSubstr("does not know the certificate")));
  EXPECT_EQ(wished.slot->latest(), nullptr);
}

TEST_F(StapleTest, ComesWhenTheResponderIsBack) {
  says(good("0A05"));
  auto responder = std::make_unique<Responder>(folder, 0, "-nmin 60");
  const std::uint16_t port = responder->port();
  const StapleWish wished = wish(issue("0A05", url_of(*responder)));
  responder.reset();
  StapleKeeper keeper(system_clock(), kSoon);
  keeper.keep({wished});
  ASSERT_TRUE(becomes([&] { return !keeper.warnings().empty(); }));
  EXPECT_THAT(keeper.warnings(), ElementsAre(HasSubstr("route 'web'")));
  responder = std::make_unique<Responder>(folder, port, "-nmin 60");
  ASSERT_TRUE(becomes([&] { return wished.slot->current() != nullptr; }));
  EXPECT_TRUE(becomes([&] { return keeper.warnings().empty(); }));
}

TEST_F(StapleTest, ComesFromTheNextUrlWhereTheFirstFails) {
  says(good("0A06"));
  const Responder responder(folder, 0, "-nmin 60");
  StapleKeeper keeper(system_clock(), kSoon);
  const StapleWish wished = wish(issue("0A06", "OCSP;URI:http://127.0.0.1:1/," + url_of(responder)));
  keeper.keep({wished});
  EXPECT_TRUE(becomes([&] { return wished.slot->current() != nullptr; }));
}

// One leaf on two routes is asked about once; what is not wished for any more is forgotten; a new leaf has a new slot.
TEST_F(StapleTest, GoesWithItsCertificate) {
  says(good("0A07") + good("0A08"));
  const Responder responder(folder, 0, "-nmin 60");
  StapleKeeper keeper(system_clock(), kSoon);
  const StapleWish first = wish(issue("0A07", url_of(responder)));
  StapleWish on_another_route = first;
  on_another_route.route = "other";
  keeper.keep({first, on_another_route});
  ASSERT_TRUE(becomes([&] { return first.slot->current() != nullptr; }));
  const auto kept = first.slot->current();
  const StapleWish second = wish(issue("0A08", url_of(responder)));
  keeper.keep({first, second});
  EXPECT_EQ(first.slot->current(), kept) << "it goes on as before";
  keeper.keep({second});
  EXPECT_EQ(keeper.slot_of(first.credential->leaf()), nullptr);
  ASSERT_TRUE(becomes([&] { return second.slot->current() != nullptr; }));
  EXPECT_NE(second.slot->current()->der, kept->der);
  keeper.keep({});
  EXPECT_EQ(keeper.slot_of(second.credential->leaf()), nullptr);
}

TEST_F(StapleTest, NeedsTheIssuersCertificate) {
  const auto with_root = issue("0A09", "OCSP;URI:http://127.0.0.1:1/");
  const auto ca = x509::Certificate::from_pem(folder.get("ca.crt"))->front();
  EXPECT_EQ(issuer_of(*with_root, {}), ca) << "the root that is not sent";
  const auto alone = *tls::Credential::load(folder / "leaf.crt", folder / "leaf.key");
  EXPECT_EQ(issuer_of(*alone, {}), std::nullopt);
  EXPECT_EQ(issuer_of(*alone, std::vector{pki().read("root"), ca}), ca);
  must(
      fmt::format("cd {} && openssl req -x509 {} -keyout 2.key -out 2.crt -subj /CN=CA", folder.path().string(), kKey));
  const auto namesake = x509::Certificate::from_pem(folder.get("2.crt"))->front();
  EXPECT_EQ(issuer_of(*alone, std::vector{namesake}), std::nullopt) << "of the same name, with another key";

  StapleKeeper keeper(system_clock(), kSoon);
  keeper.keep({wish(alone)});
  EXPECT_THAT(keeper.warnings(), ElementsAre(HasSubstr("issuer is not at hand")));
  // It may be at hand on another route of the same leaf.
  keeper.keep({wish(alone), wish(with_root, "other")});
  ASSERT_TRUE(becomes([&] { return !keeper.warnings().empty(); }));
  EXPECT_THAT(keeper.warnings(), Each(Not(HasSubstr("issuer is not at hand"))));
}

// RFC 7633: clients refuse such a certificate without a staple.
TEST_F(StapleTest, IsMissedWhereTheCertificateSaysThatItMustBeThere) {
  const std::string feature = "tlsfeature=status_request";
  issue("0A10", "OCSP;URI:http://127.0.0.1:1/", feature);
  EXPECT_THAT(RunningGateway(yaml("    staple: false\n")).gateway->warnings(), ElementsAre(HasSubstr("staple: false")));
  const auto silent = RunningGateway(yaml());
  ASSERT_TRUE(becomes([&] { return !silent.gateway->warnings().empty(); }));
  EXPECT_THAT(silent.gateway->warnings(), ElementsAre(HasSubstr("RFC 7633")));
  issue("0A11", "", feature);
  EXPECT_THAT(RunningGateway(yaml()).gateway->warnings(), ElementsAre(HasSubstr("names no OCSP responder")));
  issue("0A12", "");
  EXPECT_THAT(RunningGateway(yaml()).gateway->warnings(), IsEmpty());
}

// A whole gateway: neither its start nor a handshake waits for a responder that accepts and never answers.
TEST_F(StapleTest, IsNeverWaitedFor) {
  auto silent = net::listen(net::Endpoint::parse("127.0.0.1:0").value(), {});
  boost::asio::io_context context;
  net::Listener listener(context.get_executor(), std::move(silent->front()));  // its backlog takes connections
  issue("0A0A", fmt::format("OCSP;URI:http://127.0.0.1:{}/", listener.local().port));
  const auto began = std::chrono::steady_clock::now();
  const RunningGateway running(yaml());
  TlsClient alice(running.gateway->address_of("web").port, {});
  ASSERT_TRUE(alice.connected());
  EXPECT_LT(std::chrono::steady_clock::now() - began, StapleTimes{}.answer);
  EXPECT_THAT(running.gateway->warnings(), IsEmpty()) << "nothing is known yet";
}

}  // namespace
}  // namespace symbolon::gateway
