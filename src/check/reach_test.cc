// Against servers that say one thing, or nothing.
#include "check/reach.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <thread>

#include "net/listener.h"
#include "net/proxy_protocol.h"
#include "x509/testing/shell.h"

namespace symbolon::check {
namespace {

// Says this to whoever connects, one after the other, and hears them to their end.
class Server {
 public:
  explicit Server(std::string says, const std::string& at = "127.0.0.1:0") : says_(std::move(says)) {
    auto sockets = net::listen(net::Endpoint::parse(at).value(), {});
    EXPECT_TRUE(sockets);
    socket_ = sockets->front().release();
    where = net::bound_to(socket_);
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    finish();
    ::close(socket_);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // What came on the first connection. All of them have ended.
  std::string finish() {
    ::shutdown(socket_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    return came_;
  }

  net::Endpoint where;

 private:
  void serve() {
    while (true) {
      pollfd ready{.fd = socket_, .events = POLLIN, .revents = 0};
      ::poll(&ready, 1, -1);
      const int connection = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (connection < 0) return;
      (void)::send(connection, says_.data(), says_.size(), MSG_NOSIGNAL);
      std::array<char, 4096> piece{};
      for (ssize_t got = 1; got > 0;) {
        got = ::recv(connection, piece.data(), piece.size(), 0);
        if (got > 0 && connections_ == 0) came_.append(piece.data(), static_cast<std::size_t>(got));
      }
      ::close(connection);
      ++connections_;
    }
  }

  std::string says_;
  std::string came_;
  int socket_ = -1;
  int connections_ = 0;
  std::thread thread_;
};

Way quick(std::optional<StartTls> starttls = {}) {
  return {.starttls = starttls, .dialogue = std::chrono::milliseconds(300)};
}

Code failure(const Server& server, StartTls starttls) {
  const Reached reached = reach(server.where, quick(starttls), "localhost");
  return reached.socket ? Code::internal : reached.socket.error().code;
}

TEST(Reach, APlainConnectionIsWhatItIs) {
  const Server server("");
  const Reached reached = reach(server.where, quick(), "localhost");
  ASSERT_TRUE(reached.socket) << reached.socket.error().text();
  EXPECT_EQ(reached.address, server.where.text());
  EXPECT_EQ(reached.seen.stage, Stage::reached);
}

TEST(Reach, ReadsNothingOfTls) {
  const Server server("S");
  const Reached reached = reach(server.where, quick(StartTls::postgres), "localhost");
  ASSERT_TRUE(reached.socket) << reached.socket.error().text();
  ASSERT_EQ(reached.seen.dialogue.size(), 2U);
  EXPECT_EQ(reached.seen.dialogue[1], (Said{Said::By::server, "S"}));
}

TEST(Reach, SilenceIsATimeout) {
  const Server server("");
  EXPECT_EQ(failure(server, StartTls::smtp), Code::connection_timeout);
  EXPECT_EQ(failure(server, StartTls::ldap), Code::connection_timeout);
}

TEST(Reach, WhatIsNotSaidInTimeIsATimeout) {
  const Server server("220 mail.example\r\n");
  EXPECT_EQ(failure(server, StartTls::smtp), Code::connection_timeout);
}

TEST(Reach, WhatFollowsTheGoAheadIsNotTakenForTls) {
  const Server server("Sinjected");
  EXPECT_EQ(failure(server, StartTls::postgres), Code::peer_sends_too_much);
}

TEST(Reach, AServerThatSpeaksTlsAtOnceIsSilentUntilItIsSpokenTo) {
  const x509::testing::Folder folder;
  const std::string file = folder / "server.pem";
  const std::string command =
      "exec 2>&1; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x "
      "-keyout " +
      file + " -out " + file + ".crt && cat " + file + ".crt >> " + file +
      " && exec openssl s_server -accept 127.0.0.1:0 -naccept 2 -www -cert " + file + " </dev/null";
  std::FILE* const pipe = popen(command.c_str(), "r");
  std::array<char, 512> line{};
  std::string port;
  while (port.empty() && std::fgets(line.data(), line.size(), pipe) != nullptr) {
    const std::string text(line.data());
    if (text.starts_with("ACCEPT")) port = text.substr(text.rfind(':') + 1, text.size() - text.rfind(':') - 2);
  }
  const auto where = net::Endpoint::parse("127.0.0.1:" + port);
  ASSERT_TRUE(where) << line.data();
  const Reached reached = reach(*where, quick(StartTls::imap), "localhost");
  ASSERT_FALSE(reached.socket);
  EXPECT_EQ(reached.socket.error().code, Code::tls_at_once) << reached.socket.error().text();
  while (std::fgets(line.data(), line.size(), pipe) != nullptr) {
  }
  pclose(pipe);
}

TEST(Reach, TheHeaderOfTheProxyProtocolGoesFirst) {
  for (const auto version : {ProxyProtocol::v1, ProxyProtocol::v2}) {
    Server server("S");
    Way way = quick(StartTls::postgres);
    way.proxy_protocol = version;
    ASSERT_TRUE(reach(server.where, way, "localhost").socket);
    const std::string came = server.finish();
    const auto length = net::proxy_header_length(as_bytes(came));
    ASSERT_TRUE(length);
    ASSERT_EQ(came.size(), *length + 8);
    const auto header = net::parse_proxy_header(as_bytes(came).first(*length));
    ASSERT_TRUE(header && header->addresses);
    EXPECT_EQ(header->addresses->destination.text(), server.where.text());
  }
}

TEST(Reach, AProxyThatIsNotThereIsSaidToBeSo) {
  Way way = quick();
  way.proxy = std::make_shared<const net::TunnelProxy>(
      net::TunnelProxy{.at = net::Endpoint::parse("127.0.0.1:1").value(), .credentials = nullptr});
  const Reached reached = reach(net::Endpoint::parse("mail.example:25").value(), way, "mail.example");
  ASSERT_FALSE(reached.socket);
  EXPECT_EQ(reached.socket.error().code, Code::connection_refused);
  EXPECT_EQ(reached.seen.stage, Stage::dialling);
  EXPECT_EQ(reached.seen.proxy, "http://127.0.0.1:1");
}

}  // namespace
}  // namespace symbolon::check
