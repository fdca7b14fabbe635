// A server that is no TLS server, or none that a client would like: bounded time and memory, and an end with a name.
#include "tls/misuse_client.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <thread>

#include "tls/misuse_record.h"

namespace symbolon::tls {
namespace {

using namespace std::chrono_literals;

// `serve` has the other end of a socket pair, which is closed when it returns.
MisuseResult against(const std::function<void(int)>& serve, MisuseOptions options = {}) {
  std::array<int, 2> ends{};
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  std::thread server([&] {
    serve(ends[1]);
    close(ends[1]);
  });
  options.handshake = 300ms;
  options.linger = 300ms;
  const MisuseResult out = misuse(ends[0], options);
  close(ends[0]);
  server.join();
  return out;
}

void read_some(int descriptor) {
  std::array<char, 4096> buffer{};
  EXPECT_GT(recv(descriptor, buffer.data(), buffer.size(), 0), 0);
}

void write_all(int descriptor, std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t sent = send(descriptor, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    octets.remove_prefix(static_cast<std::size_t>(sent));
  }
}

TEST(MisuseClient, WhoEndsWithoutAWordIsCut) {
  const auto seen = against(read_some);
  EXPECT_EQ(seen.end, MisuseEnd::cut);
  EXPECT_FALSE(seen.finished);
  EXPECT_FALSE(seen.version);
}

TEST(MisuseClient, SilenceIsATimeout) {
  const auto seen = against([](int descriptor) {
    std::array<char, 4096> buffer{};
    while (recv(descriptor, buffer.data(), buffer.size(), 0) > 0) {
    }
  });
  EXPECT_EQ(seen.end, MisuseEnd::timeout);
}

TEST(MisuseClient, AnAlertIsNoted) {
  const auto seen = against([](int descriptor) {
    read_some(descriptor);
    write_all(descriptor, std::string_view("\x15\x03\x03\x00\x02\x02\x46", 7));  // fatal protocol_version
  });
  EXPECT_EQ(seen.end, MisuseEnd::alert);
  ASSERT_TRUE(seen.alert_received);
  EXPECT_EQ(seen.alert_received->description, 70);
  EXPECT_TRUE(seen.alert_received->fatal);
  EXPECT_FALSE(seen.alert_received->after_finished);
}

TEST(MisuseClient, WhatIsNoTlsFailsHere) {
  const auto seen = against([](int descriptor) {
    read_some(descriptor);
    write_all(descriptor, "HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  EXPECT_EQ(seen.end, MisuseEnd::failed);
  EXPECT_FALSE(seen.words.empty());
}

TEST(MisuseClient, EmptyRecordsWithoutEndAreBounded) {
  const auto seen = against([](int descriptor) {
    std::string records;
    for (int i = 0; i < 4096; ++i) records += std::string_view("\x16\x03\x03\x00\x00", 5);
    for (int i = 0; i < 256; ++i) write_all(descriptor, records);
  });
  EXPECT_FALSE(seen.finished);
  EXPECT_TRUE(seen.end == MisuseEnd::failed || seen.end == MisuseEnd::flood);
}

TEST(MisuseClient, ACertificateOfTenMebioctetsIsBounded) {
  const auto seen = against([](int descriptor) {
    const std::string body(16'000, 'x');
    write_all(descriptor, std::string_view("\x16\x03\x03\x3e\x80\x0b\xa0\x00\x00", 9));
    for (int i = 0; i < 700; ++i) {
      write_all(descriptor, body);
      write_all(descriptor, std::string_view("\x16\x03\x03\x3e\x80", 5));
    }
  });
  EXPECT_FALSE(seen.finished);
}

TEST(MisuseClient, OldVersionsAreReallyOffered) {
  MisuseOptions options;
  options.least = ProtocolVersion::tls10;
  options.most = ProtocolVersion::tls11;
  std::string hello;
  const auto seen = against(
      [&](int descriptor) {
        std::array<char, 4096> buffer{};
        const ssize_t octets = recv(descriptor, buffer.data(), buffer.size(), 0);
        hello.assign(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(0, octets)));
      },
      options);
  ASSERT_GT(hello.size(), 11U) << seen.words;
  EXPECT_EQ(hello[9], 3);   // ClientHello.client_version
  EXPECT_EQ(hello[10], 2);  // TLS 1.1
}

TEST(MisuseRecord, ALateCertificateRequestIsTheServersIdea) {
  constexpr std::array<std::uint8_t, 4> kRequest{13, 0, 0, 0};
  MisuseRecord record;
  record.received(22, kRequest);
  EXPECT_TRUE(record.certificate_requested());
  EXPECT_FALSE(record.certificate_requested_late());
  record.handshake_is_over();
  record.we_renegotiate();
  record.received(22, kRequest);
  EXPECT_FALSE(record.certificate_requested_late());
  record.handshake_is_over();
  record.received(22, kRequest);
  EXPECT_TRUE(record.certificate_requested_late());
}

TEST(MisuseRecord, CloseNotifyIsNoAlertAndFinishedIsAMark) {
  MisuseRecord record;
  record.received(21, std::array<std::uint8_t, 2>{1, 0});
  EXPECT_FALSE(record.alert());
  record.received(21, std::array<std::uint8_t, 2>{1, 100});
  ASSERT_TRUE(record.alert());
  EXPECT_FALSE(record.fatal_alert());
  record.sent(22, std::array<std::uint8_t, 4>{20, 0, 0, 0});
  record.received(21, std::array<std::uint8_t, 2>{2, 116});
  EXPECT_TRUE(record.fatal_alert());
  EXPECT_TRUE(record.alert()->after_finished);
  record.received(21, std::array<std::uint8_t, 1>{2});  // of no use
  EXPECT_EQ(record.alert()->description, 116);
}

}  // namespace
}  // namespace symbolon::tls
