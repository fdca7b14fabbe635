// Peers that are no TLS servers, or bad ones: the probe ends in bounded time with what it saw.
#include "tls/probe.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <thread>

namespace symbolon::tls {
namespace {

using std::chrono::milliseconds;

// Sends all of it, or as much as the other side takes.
void say(int descriptor, ByteView octets) {
  while (!octets.empty()) {
    const ssize_t sent = send(descriptor, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    octets = octets.subspan(static_cast<std::size_t>(sent));
  }
}

// Waits until the ClientHello has begun to arrive.
void hear(int descriptor) {
  pollfd entry{descriptor, POLLIN, 0};
  poll(&entry, 1, 10'000);
}

// Waits until the probe has closed its end.
void outlast(int descriptor) {
  std::array<char, 4096> buffer;
  while (recv(descriptor, buffer.data(), buffer.size(), 0) > 0) {
  }
}

Transcript probe_a(const std::function<void(int)>& peer, milliseconds handshake = milliseconds(10'000)) {
  std::array<int, 2> ends{};
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  std::thread thread([&] {
    peer(ends[1]);
    close(ends[1]);
  });
  ProbeOptions options;
  options.server_name = "a.example";
  options.handshake = handshake;
  Transcript seen = probe(ends[0], options);
  close(ends[0]);
  thread.join();
  return seen;
}

TEST(Probe, SeesThatAGreetingIsNoTls) {
  const Transcript seen = probe_a([](int peer) {
    say(peer, as_bytes("220 mail.example ESMTP\r\n"));
    outlast(peer);
  });
  EXPECT_EQ(seen.end, ProbeEnd::not_tls);
  EXPECT_EQ(as_text(seen.first_octets), "220 mail.example ESMTP\r\n");
  EXPECT_TRUE(seen.version.empty());
}

TEST(Probe, SeesAServerThatHangsUp) {
  const Transcript seen = probe_a([](int peer) {
    hear(peer);
    std::array<char, 4096> buffer;
    recv(peer, buffer.data(), buffer.size(), 0);
  });
  EXPECT_EQ(seen.end, ProbeEnd::cut);
  EXPECT_TRUE(seen.first_octets.empty());
}

TEST(Probe, SeesAnAlertEvenWhenTheConnectionIsGoneAfterIt) {
  const Transcript seen = probe_a([](int peer) {
    hear(peer);
    say(peer, Bytes{21, 3, 3, 0, 2, 2, 70});
    std::array<char, 4096> buffer;
    recv(peer, buffer.data(), buffer.size(), 0);
  });
  EXPECT_EQ(seen.end, ProbeEnd::alert);
  ASSERT_TRUE(seen.alert_received);
  EXPECT_EQ(seen.alert_received->description, 70);
  EXPECT_FALSE(seen.finished);
}

TEST(Probe, SeesAFarewellInTheMiddleOfTheHandshake) {
  const Transcript seen = probe_a([](int peer) {
    hear(peer);
    say(peer, Bytes{21, 3, 3, 0, 2, 1, 0});  // close_notify
    outlast(peer);
  });
  EXPECT_EQ(seen.end, ProbeEnd::closed);
  EXPECT_FALSE(seen.finished);
}

TEST(Probe, EndsInTimeWithAServerThatSaysNothing) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(probe_a(outlast, milliseconds(50)).end, ProbeEnd::timeout);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST(Probe, EndsInTimeWithAServerThatDripsOctets) {
  const Transcript seen = probe_a(
      [](int peer) {
        const Bytes record{22, 3, 3, 0x40, 0};  // of 16,384 octets, which never all come
        for (std::size_t i = 0;; ++i) {
          const std::uint8_t octet = i < record.size() ? record[i] : 0;
          if (send(peer, &octet, 1, MSG_NOSIGNAL) != 1) return;
          pollfd entry{peer, POLLHUP, 0};
          if (poll(&entry, 1, 5) > 0 && (entry.revents & POLLHUP) != 0) return;
        }
      },
      milliseconds(100));
  EXPECT_EQ(seen.end, ProbeEnd::timeout);
}

TEST(Probe, BoundsWhatItReads) {
  // A ServerHello that announces 16 MiB, in whole records.
  const Transcript endless = probe_a([](int peer) {
    Bytes record(5 + 16384, 0);
    record[0] = 22, record[1] = 3, record[2] = 3, record[3] = 0x40;
    record[5] = 2, record[6] = 0xff;
    for (int i = 0; i < 200; ++i) say(peer, record);
  });
  EXPECT_TRUE(endless.end == ProbeEnd::flood || endless.end == ProbeEnd::failed);
  EXPECT_LE(endless.first_octets.size(), ProbeLimits::kFirstOctets);
}

TEST(Probe, GivesUpOnRecordsThatAreNone) {
  for (const Bytes& record : {Bytes{22, 3, 3, 0xff, 0xff}, Bytes{22, 3, 3, 0, 0, 22, 3, 3, 0, 0}}) {
    const Transcript seen = probe_a([&](int peer) {
      hear(peer);
      for (int i = 0; i < 100; ++i) say(peer, record);
      outlast(peer);
    });
    EXPECT_EQ(seen.end, ProbeEnd::failed);
    EXPECT_FALSE(seen.words.empty());
    EXPECT_TRUE(seen.alert_sent);
  }
}

// What the server gets as ClientHello.
Bytes hello_of(const ProbeOptions& options) {
  std::array<int, 2> ends{};
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  std::thread thread([&] {
    (void)probe(ends[0], options);
    close(ends[0]);
  });
  Bytes out;
  std::array<std::uint8_t, 4096> buffer;
  shutdown(ends[1], SHUT_WR);
  for (ssize_t octets = 0; (octets = recv(ends[1], buffer.data(), buffer.size(), 0)) > 0;) {
    out.insert(out.end(), buffer.begin(), buffer.begin() + octets);
  }
  thread.join();
  close(ends[1]);
  return out;
}

// Lengths of the records.
std::vector<std::size_t> records_of(const Bytes& octets) {
  std::vector<std::size_t> out;
  for (std::size_t at = 0; at + 5 <= octets.size(); at += 5 + out.back()) {
    out.push_back(static_cast<std::size_t>(octets[at + 3]) << 8 | octets[at + 4]);
  }
  return out;
}

bool holds(const Bytes& octets, const Bytes& part) {
  return std::search(octets.begin(), octets.end(), part.begin(), part.end()) != octets.end();
}

TEST(Probe, SendsTheHelloInPiecesWhereItIsTold) {
  EXPECT_EQ(records_of(hello_of({})).size(), 1U);
  for (const ProbeSplit split : {ProbeSplit::segments, ProbeSplit::records, ProbeSplit::both}) {
    ProbeOptions options;
    options.split = split;
    EXPECT_EQ(records_of(hello_of(options)).size(), split == ProbeSplit::segments ? 1U : 2U);
  }
}

TEST(Probe, OffersWhatItIsToldToOffer) {
  const Bytes ccm8{0x13, 0x04, 0x13, 0x05};  // TLS_AES_128_CCM_SHA256, TLS_AES_128_CCM_8_SHA256
  const Bytes h2{0, 16, 0, 5, 0, 3, 2, 'h', '2'};
  const Bytes staple{0, 5, 0, 5, 1};  // status_request of type ocsp
  const Bytes only_13{0, 43, 0, 3, 2, 3, 4};
  const Bytes both{0, 43, 0, 5, 4, 3, 4, 3, 3};
  const Bytes usual = hello_of({});
  EXPECT_TRUE(holds(usual, both) && holds(usual, staple));
  EXPECT_FALSE(holds(usual, ccm8) || holds(usual, h2));
  ProbeOptions options;
  options.least = ProbeVersion::tls13;
  options.suites = ProbeSuites::every;
  options.alpn = {"h2"};
  const Bytes told = hello_of(options);
  EXPECT_TRUE(holds(told, only_13) && holds(told, ccm8) && holds(told, h2));
  options.least = ProbeVersion::tls10;
  options.most = ProbeVersion::tls11;
  EXPECT_TRUE(holds(hello_of(options), Bytes{3, 2}));  // client_version TLS 1.1
}

TEST(Probe, SeesAMessageThatIsTooLarge) {
  const Transcript seen = probe_a([](int peer) {
    hear(peer);
    Bytes hello{22, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3};
    hello.resize(11 + 32);
    hello.insert(hello.end(), {0, 0xc0, 0x2b, 0});  // no session, a suite, no compression
    say(peer, hello);
    say(peer, Bytes{22, 3, 3, 0, 4, 11, 0xff, 0xff, 0xff});
    outlast(peer);
  });
  EXPECT_EQ(seen.end, ProbeEnd::flood);
  EXPECT_EQ(seen.version, "TLSv1.2");
}

}  // namespace
}  // namespace symbolon::tls
