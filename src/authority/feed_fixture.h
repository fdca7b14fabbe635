// For tests of the feed from end to end: a ledger, the API over its Unix socket, and a gateway's follower in a thread
// of its own.
#pragma once

#include "authority/revocation_feed.h"

#include <gtest/gtest.h>

#include <future>

#include "authority/api_server.h"
#include "authority/testing.h"
#include "enroll/authority_client.h"
#include "enroll/revocation_follower.h"
#include "http/server_fixture.h"
#include "ledger/sqlite_ledger.h"

namespace symbolon::authority {

using namespace testing;
using std::chrono::milliseconds;

inline constexpr milliseconds kPatience{20'000};  // of a test that would hang

inline api::FeedQuery says(std::string gateway, std::int64_t enforced = 0) {
  return {.gateway = std::move(gateway), .after = enforced};
}

// How many gateways there are, where all of them enforce it; else -1.
inline std::int64_t all_of(const api::Enforcement& enforcement) {
  const bool all = enforcement.acknowledged == enforcement.gateways && enforcement.missing.empty();
  return all ? enforcement.gateways : -1;
}

inline enroll::ReachAuthority by_socket(Path socket) {
  return [socket = std::move(socket)](const enroll::ClientTimes& times) {
    return enroll::AuthorityClient::over_unix(socket, times);
  };
}

// The API of a Home, while it lives.
class Serving {
 public:
  explicit Serving(Home& home)
      : server_(context_.get(), *home.authority), socket_(home.folder.path() / "state" / "authority.sock") {
    const auto bound = server_.http().listen({net::Endpoint::Kind::unix_path, socket_.string(), 0});
    EXPECT_TRUE(bound) << bound.error().text();
  }
  ~Serving() {
    server_.stop();
    context_.finish();
  }
  const Path& socket() const { return socket_; }
  enroll::ReachAuthority reach() const { return by_socket(socket_); }

 private:
  http::RunningContext context_;
  ApiServer server_;
  Path socket_;
};

class FeedTest : public ::testing::Test {
 protected:
  std::string issued(std::string name) {
    const auto answer = home_.issue("client", {std::move(name)}, csr_);
    EXPECT_TRUE(answer) << answer.error().text();
    return answer->summary.serial;
  }
  api::RevocationAnswer revoke(const std::string& serial) {
    const auto answer = home_.authority->revoke({.what = serial}, kTester);
    EXPECT_TRUE(answer) << answer.error().text();
    return *answer;
  }
  std::unique_ptr<enroll::RevocationFollower> follow(const Serving& serving, milliseconds wait = milliseconds(2000)) {
    auto follower =
        enroll::RevocationFollower::follow({.reach = serving.reach(), .name = "web-1", .wait = wait}, home_.clock);
    EXPECT_TRUE(follower) << follower.error().text();
    return std::move(*follower);
  }
  bool knows(const enroll::RevocationFollower& follower, const std::string& serial) {
    const Issuer* const issuer = home_.authority->issuance().issuers()->select(std::nullopt, kNow).value();
    return follower.source()->current()->revoked(revocation::IssuerKey::of(issuer->certificate),
                                                 x509::SerialNumber::parse(serial).value());
  }

  Home home_;
  std::string csr_ = home_.request();
};

}  // namespace symbolon::authority
