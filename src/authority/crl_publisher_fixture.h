// For tests of CRLs: a state with some certificates, and publishers over it.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "authority/crl_publisher.h"
#include "authority/hierarchy.h"
#include "authority/testing.h"
#include "revocation/crl_reader.h"

namespace symbolon::authority::testing {

using std::chrono::milliseconds;

// Moved while publishers look at it.
class MovingClock final : public Clock {
 public:
  UnixSeconds now() const override { return {at_}; }
  void set(UnixSeconds at) { at_ = at.count; }

 private:
  std::atomic<std::int64_t> at_ = kNow.count;
};

// A state with some certificates, and publishers over it.
class CrlPublisherTest : public ::testing::Test {
 protected:
  CrlPublisherTest() {
    for (const std::string_view name : {"alice", "bob", "carol"}) {
      serials_.push_back(home_.issue("client", {std::string(name)}).value().summary.serial);
    }
    home_.authority.reset();
    state_.emplace(
        open_state(home_.folder.path() / "state", home_.clock, keys_in_files({home_.folder.path() / "state"}, {}))
            .value());
  }

  std::unique_ptr<CrlPublisher> publisher(CrlPublisherOptions::Publish publish = CrlPublisherOptions::Publish::yes,
                                          SignCrl sign = {}) {
    return publisher_with({.publish = publish, .sign = std::move(sign)});
  }
  std::unique_ptr<CrlPublisher> publisher_with(CrlPublisherOptions options) {
    options.gather = milliseconds(10);
    options.again = milliseconds(10);
    options.look = milliseconds(10);
    return std::make_unique<CrlPublisher>(
        *state_->ledger, clock_, state_->layout, [this] { return state_->issuers; }, std::move(options));
  }
  // The ledger as it was.
  void restore(const Path& backup) {
    const Path state = home_.folder.path() / "state";
    state_.reset();
    for (const char* const rest : {"-wal", "-shm"}) std::filesystem::remove(state / (std::string("ledger.db") + rest));
    std::filesystem::rename(backup, state / "ledger.db");
    state_.emplace(open_state(state, home_.clock, keys_in_files({state}, {})).value());
  }
  const Issuer& issuing() const { return *state_->issuers->select(std::string(kIssuingName), kNow).value(); }
  void revoke(std::size_t which, ledger::RevocationReason reason = ledger::RevocationReason::unspecified) {
    ASSERT_TRUE(state_->ledger->revoke(
        {.issuer = issuing().id, .serial = x509::SerialNumber::parse(serials_[which]).value(), .reason = reason}));
  }
  void release(std::size_t which) {
    ASSERT_TRUE(state_->ledger->release(
        {.issuer = issuing().id, .serial = x509::SerialNumber::parse(serials_[which]).value()}));
  }
  revocation::CrlFile read(std::string_view der) const {
    auto crl = revocation::read_crl(as_bytes(der), {issuing().certificate}, clock_.now());
    EXPECT_TRUE(crl) << crl.error().text();
    return *std::move(crl);
  }
  bool lists(std::string_view der, std::size_t which) const {
    return read(der).entries.find(x509::SerialNumber::parse(serials_[which]).value()).has_value();
  }
  std::string published() const {
    const auto content = read_file(state_->layout.crl(kIssuingName));
    return content ? *content : std::string();
  }
  // Until it says so, or the test fails.
  template <typename Condition>
  static void wait(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), end);
      std::this_thread::sleep_for(milliseconds(5));
    }
  }

  Home home_;
  MovingClock clock_;
  std::vector<std::string> serials_;
  std::optional<State> state_;
};

}  // namespace symbolon::authority::testing
