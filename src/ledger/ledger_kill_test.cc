// Killed with SIGKILL between any two steps of issuance: nothing is out that the ledger does not know, no serial is
// used twice, and what was being signed can be revoked.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <fstream>
#include <map>
#include <random>
#include <thread>

#include "ledger/test_support.h"

namespace symbolon::ledger {
namespace {

using namespace test;

// Kills its own process when a step is reached for the nth time.
class Trap {
 public:
  Trap(std::string step, int count) : step_(std::move(step)), left_(count) {}
  void reached(std::string_view step) {
    if (step == step_ && --left_ == 0) ::kill(::getpid(), SIGKILL);
  }

 private:
  const std::string step_;
  std::atomic<int> left_;
};

// The process that is killed: issues without end and writes each answer down the pipe, after it has it.
class Victim {
 public:
  Victim(const Path& path, int pipe, Trap& trap) : pipe_(pipe), trap_(trap) {
    Result<std::unique_ptr<Ledger>> opened =
        SqliteLedger::open(path, {.on_step = [&trap](std::string_view step) { trap.reached(step); }});
    if (!opened) {
      fmt::print(stderr, "the victim cannot open the ledger: {}\n", opened.error().text());
      ::_exit(3);
    }
    ledger_ = std::move(*opened);
  }
  [[noreturn]] void run(int threads) {
    std::vector<std::thread> all;
    for (int n = 0; n < threads; ++n) all.emplace_back([this] { cycles(); });
    for (std::thread& thread : all) thread.join();
    ::_exit(1);
  }

 private:
  void cycles() {
    const SerialAllocator serials(ledger_->instance_prefix());
    for (int n = 0; n < 100'000; ++n) {
      const NewIntent intent = intent_for({1}, serials.draw(), "victim.example");
      const IntentId id = ledger_->reserve(intent).value();
      hand_out("R", intent.serial);
      trap_.reached("reserved");
      const Bytes certificate = certificate_for(intent.tbs);
      trap_.reached("signed");
      (void)ledger_->complete({id, certificate}).value();
      hand_out("C", intent.serial);
      trap_.reached("completed");
      if (n % 5 == 4) {
        (void)ledger_->revoke({.issuer = {1}, .serial = intent.serial}).value();
        hand_out("X", intent.serial);
      }
    }
  }
  void hand_out(std::string_view what, const x509::SerialNumber& serial) const {
    const std::string line = fmt::format("{}{}\n", what, serial.hex());  // shorter than PIPE_BUF: never torn
    if (::write(pipe_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) ::_exit(2);
  }

  std::unique_ptr<Ledger> ledger_;
  int pipe_;
  Trap& trap_;
};

class LedgerKillTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto ledger = SqliteLedger::create(path_).value();
    add_issuer(*ledger);
  }

  // Runs a victim until it is trapped, or until it has answered so often.
  void run_victim(int threads, std::string step, int count, int answers) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t victim = ::fork();
    if (victim == 0) {
      ::close(ends[0]);
      Trap trap(std::move(step), count);
      Victim(path_, ends[1], trap).run(threads);
    }
    ::close(ends[1]);
    read_answers(ends[0], victim, answers);
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(victim, &status, 0), victim);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
  }

  // To the end of the pipe: what was answered before the kill, too.
  void read_answers(int pipe, pid_t victim, int answers) {
    std::string text;
    char piece[4096];
    for (ssize_t n = 0; (n = ::read(pipe, piece, sizeof piece)) > 0;) {
      text.append(piece, static_cast<std::size_t>(n));
      if (std::ranges::count(text, '\n') >= answers) ::kill(victim, SIGKILL);
    }
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = text.find('\n', begin);
      ASSERT_NE(end, std::string::npos);
      const x509::SerialNumber serial = x509::SerialNumber::parse(text.substr(begin + 1, end - begin - 1)).value();
      if (text[begin] == 'R') {
        EXPECT_TRUE(answered_.emplace(serial, 'R').second) << "a serial twice";
      } else {
        answered_[serial] = text[begin];
      }
      begin = end + 1;
    }
  }

  // Everything that was ever answered is known, and the ledger is sound and works.
  void expect_nothing_lost() {
    const auto ledger = SqliteLedger::open(path_).value();
    const Result<VerifyReport> verified = ledger->verify({});
    ASSERT_TRUE(verified) << verified.error().text();
    for (const auto& [serial, last] : answered_) {
      const Result<CertificateRecord> record = ledger->certificate(IssuerId{1}, serial);
      ASSERT_TRUE(record) << "answered and lost: " << serial.hex();
      if (last == 'R') continue;
      EXPECT_EQ(record->state, CertificateState::issued);
      EXPECT_EQ(ledger->certificate_der(record->id).value(), certificate_for(tbs_for(serial)));
      EXPECT_TRUE(last != 'X' || record->revocation);
    }
    const std::vector<CertificateRecord> unfinished = ledger->unfinished().value();
    for (const CertificateRecord& left : unfinished) {
      EXPECT_EQ(ledger->reserved_tbs(left.id).value(), tbs_for(left.serial));
      EXPECT_TRUE(ledger->revoke({.issuer = left.issuer, .serial = left.serial}));
    }
    issue_many(*ledger, {1}, 3);
  }

  static constexpr int kNever = 1 << 30;
  Folder folder_;
  Path path_ = folder_ / "ledger.db";
  std::map<x509::SerialNumber, char> answered_;  // 'R' reserved, 'C' completed, 'X' revoked
};

TEST_F(LedgerKillTest, BetweenAnyTwoSteps) {
  for (const char* step :
       {"batch_taken", "batch_applied", "batch_committed", "batch_answered", "reserved", "signed", "completed"}) {
    // The first batch reserves, the second completes, the eleventh revokes.
    for (const int count : {1, 2, 3, 11}) {
      SCOPED_TRACE(fmt::format("{} {}", step, count));
      run_victim(1, step, count, kNever);
      expect_nothing_lost();
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(answered_.size(), 20U);
}

TEST_F(LedgerKillTest, AtAnyTimeWithManyAtOnce) {
  std::mt19937 random(2026);
  for (int round = 0; round < 12; ++round) {
    SCOPED_TRACE(round);
    run_victim(8, "never", 1, 1 + static_cast<int>(random() % 300));
    expect_nothing_lost();
    if (HasFailure()) return;
  }
  EXPECT_GT(answered_.size(), 200U);
}

// What a power failure may leave of the journal: its end is missing or was torn. The chain is whole up to some entry.
TEST_F(LedgerKillTest, ATornJournalLeavesAConsistentBeginning) {
  run_victim(4, "never", 1, 400);
  const std::string journal = read_file(path_.string() + "-wal").value();
  const std::string file = read_file(path_).value();
  ASSERT_GT(journal.size(), 100'000U);
  std::mt19937 random(7);
  std::uint64_t shortest = kNever;
  std::uint64_t longest = 0;
  for (int round = 0; round < 20; ++round) {
    SCOPED_TRACE(round);
    const Path torn = folder_ / fmt::format("torn-{}.db", round);
    std::string rest = journal.substr(0, random() % journal.size());
    if (round % 2 == 1) rest.replace(rest.size() / 2, std::min<std::size_t>(512, rest.size() / 2), 512, '\0');
    std::ofstream(torn, std::ios::binary) << file;
    std::ofstream(torn.string() + "-wal", std::ios::binary) << rest;
    const auto ledger = SqliteLedger::open(torn).value();
    const Result<VerifyReport> verified = ledger->verify({});
    ASSERT_TRUE(verified) << verified.error().text();
    shortest = std::min(shortest, verified->head.sequence);
    longest = std::max(longest, verified->head.sequence);
    issue_many(*ledger, {1}, 2);
  }
  EXPECT_LT(shortest, longest);
}

}  // namespace
}  // namespace symbolon::ledger
