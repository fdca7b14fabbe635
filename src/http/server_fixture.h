// A running server for tests: a thread, a Unix socket in a folder of its own, and blocking peers. Test code only.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <thread>

#include "base/file.h"
#include "http/server.h"

namespace symbolon::http {

// A folder that dies with its test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = "/tmp/symbolon-test-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  const Path& path() const { return path_; }

 private:
  Path path_;
};

// An io_context that a thread runs.
class RunningContext {
 public:
  RunningContext() : guard_(context_.get_executor()), thread_([this] { context_.run(); }) {}
  ~RunningContext() { finish(); }
  boost::asio::io_context& get() { return context_; }
  // Until nothing is left to run.
  void finish() {
    guard_.reset();
    if (thread_.joinable()) thread_.join();
  }

 private:
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
  std::thread thread_;
};

// One end of a connection, in blocking calls, as a foreign peer would use it.
class RawPeer {
 public:
  explicit RawPeer(int descriptor) : descriptor_(descriptor) {
    const timeval patience{.tv_sec = 20, .tv_usec = 0};  // a test that would hang fails instead
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }
  static RawPeer connect_unix(const Path& path) {
    const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return RawPeer(descriptor);
  }
  // Over TCP, from an address of the loopback network.
  static RawPeer connect_tcp(std::uint16_t port, const char* from = "127.0.0.1") {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    EXPECT_EQ(::inet_pton(AF_INET, from, &address.sin_addr), 1);
    EXPECT_EQ(::bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    address.sin_port = htons(port);
    EXPECT_EQ(::inet_pton(AF_INET, "127.0.0.1", &address.sin_addr), 1);
    EXPECT_EQ(::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return RawPeer(descriptor);
  }
  RawPeer(RawPeer&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
  ~RawPeer() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  // How many octets were taken.
  std::size_t send(std::string_view octets) {
    std::size_t sent = 0;
    while (sent < octets.size()) {
      const ssize_t n = ::send(descriptor_, octets.data() + sent, octets.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) break;
      sent += static_cast<std::size_t>(n);
    }
    return sent;
  }
  void end() { ::shutdown(descriptor_, SHUT_WR); }
  // Until the other side closes.
  std::string receive_all() {
    std::string all;
    while (receive(all)) {
    }
    return all;
  }
  // Until `mark` has come (or the end).
  std::string receive_until(std::string_view mark) {
    std::string all;
    while (all.find(mark) == std::string::npos && receive(all)) {
    }
    return all;
  }

 private:
  bool receive(std::string& into) {
    char buffer[4096];
    const ssize_t n = ::recv(descriptor_, buffer, sizeof buffer, 0);
    if (n > 0) into.append(buffer, static_cast<std::size_t>(n));
    return n > 0;
  }
  int descriptor_;
};

}  // namespace symbolon::http
