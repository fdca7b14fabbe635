// For tests: a signer over the state of a Home, as the process has it, in threads of the test.
#pragma once

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <thread>

#include "authority/signing_desk.h"
#include "authority/testing.h"
#include "signer/client.h"

namespace symbolon::authority::testing {

class SignerBeside {
 public:
  explicit SignerBeside(const Home& home, AskPassphrase ask = {}, std::string ocsp_url = {})
      : SignerBeside(home, {.state = home.folder.path() / "state",
                            .keys = keys_in_files({home.folder.path() / "state"}, std::move(ask)),
                            .ocsp_url = std::move(ocsp_url)}) {}
  SignerBeside(const Home& home, SigningDeskOptions options) : options_(std::move(options)), clock_(home.clock) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    end_ = ends[1];
    start();
    auto client = signer::Client::open(ends[0]);
    EXPECT_TRUE(client) << client.error().text();
    client_ = *client;
  }
  ~SignerBeside() {
    ::shutdown(end_, SHUT_RDWR);
    thread_.join();
    ::close(end_);
    ::close(stop_);
  }
  const std::shared_ptr<signer::Client>& client() const { return client_; }
  // As when the supervisor does it: another desk at the same end.
  void start_anew() {
    ::eventfd_write(stop_, 1);
    thread_.join();
    ::close(stop_);
    start();
  }

 private:
  void start() {
    auto desk = SigningDesk::open(options_, clock_);
    EXPECT_TRUE(desk) << desk.error().text();
    desk_ = std::move(*desk);
    stop_ = ::eventfd(0, EFD_CLOEXEC);
    thread_ = std::thread([this] { signer::serve({.descriptor = end_, .stop = stop_, .threads = 2}, *desk_); });
  }
  const SigningDeskOptions options_;
  const Clock& clock_;
  std::unique_ptr<SigningDesk> desk_;
  int end_ = -1;
  int stop_ = -1;
  std::thread thread_;
  std::shared_ptr<signer::Client> client_;
};

}  // namespace symbolon::authority::testing
