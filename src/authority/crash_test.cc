// Killed between any two steps of an issuance: nothing is out that the ledger does not know, and what was being signed
// can be revoked. The process is really killed.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "authority/testing.h"

namespace symbolon::authority {
namespace {

using testing::code_of;
using testing::Folder;
using testing::Home;

// Opens the state in a child process that kills itself when `step` has been passed; writes what it got out to `out`.
void issue_and_die(const Path& state, const Clock& clock, IssuanceStep step, const std::string& csr, const Path& out,
                   const std::optional<std::string>& key = std::nullopt, const std::string& name = "alice") {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    IssuanceOptions issuance;
    issuance.after_step = [step](IssuanceStep passed) {
      if (passed == step) ::kill(::getpid(), SIGKILL);
    };
    auto authority = Authority::open({.state = state, .issuance = issuance}, clock);
    if (!authority) ::_exit(3);
    api::IssueRequest request;
    request.profile = "client";
    request.csr = csr;
    request.names = {name};
    const auto answer = (*authority)->issue(request, testing::kTester, key);
    if (!answer) ::_exit(4);
    static_cast<void>(write_file(out, answer->certificate, {}));
    ::_exit(5);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << "exit " << WEXITSTATUS(status);
  ASSERT_EQ(WTERMSIG(status), SIGKILL);
}

class KilledAfter : public ::testing::TestWithParam<IssuanceStep> {};

TEST_P(KilledAfter, LeavesALedgerThatKnowsWhatWasBeingSigned) {
  Home home;
  const std::string csr = home.request();
  home.authority.reset();
  const Path out = home.folder.path() / "out.pem";
  issue_and_die(home.folder.path() / "state", home.clock, GetParam(), csr, out);
  EXPECT_FALSE(std::filesystem::exists(out)) << "something was out before it was completed";

  home.open();
  ASSERT_TRUE(home.authority->verify_ledger({}, {}));
  const auto status = home.authority->status();
  ASSERT_TRUE(status) << status.error().text();
  const auto found = home.authority->list({.query = "profile:client", .after = {}});
  ASSERT_TRUE(found);
  if (GetParam() == IssuanceStep::linted) {
    EXPECT_TRUE(found->certificates.empty());
    EXPECT_EQ(status->unfinished, 0);
  } else {
    ASSERT_EQ(found->certificates.size(), 1U);
    const bool complete = GetParam() == IssuanceStep::completed;
    EXPECT_EQ(status->unfinished, complete ? 0 : 1);
    EXPECT_EQ(status->warnings.size(), complete ? 0U : 1U);
    EXPECT_EQ(found->certificates[0].state, complete ? api::CertificateState::issued : api::CertificateState::reserved);
    const auto revoked = home.authority->revoke({.what = found->certificates[0].serial}, {"ops"});
    ASSERT_TRUE(revoked) << revoked.error().text();
    EXPECT_EQ(home.authority->status()->unfinished, 0) << "the remedy was followed";
    EXPECT_TRUE(home.authority->status()->warnings.empty());
  }
  // And it goes on, with a serial of its own.
  const auto next = home.issue("client", {"bob"}, csr);
  ASSERT_TRUE(next) << next.error().text();
  for (const auto& one : found->certificates) EXPECT_NE(one.serial, next->summary.serial);
}

TEST_P(KilledAfter, IsAskedAgainUnderItsKeyAndGoesOn) {
  Home home;
  const std::string csr = home.request();
  home.authority.reset();
  const std::string key = "k";
  issue_and_die(home.folder.path() / "state", home.clock, GetParam(), csr, home.folder.path() / "out.pem", key);
  home.open();
  const auto reserved = home.authority->list({.query = "profile:client", .after = {}})->certificates;
  api::IssueRequest request;
  request.profile = "client";
  request.csr = csr;
  request.names = {"alice"};
  const auto answer = home.authority->issue(request, testing::kTester, key);
  ASSERT_TRUE(answer) << answer.error().text();
  home.verify(*answer, "sslclient");
  ASSERT_EQ(reserved.empty(), GetParam() == IssuanceStep::linted);
  for (const auto& one : reserved) EXPECT_EQ(one.serial, answer->summary.serial);
  EXPECT_EQ(home.authority->status()->unfinished, 0);
  EXPECT_EQ(home.authority->list({.query = "profile:client", .after = {}})->certificates.size(), 1U);
  EXPECT_EQ(home.authority->issue(request, testing::kTester, key).value(), *answer);
  request.names = {"bob"};
  EXPECT_EQ(code_of(home.authority->issue(request, testing::kTester, key)), Code::idempotency_key_reused);
  ASSERT_TRUE(home.authority->verify_ledger({}, {}));
}

// What was reserved under the key "k", asked for again in another time or under another configuration.
class LeftReserved : public ::testing::Test {
 protected:
  LeftReserved() {
    request_.profile = "client";
    request_.csr = home_.request();
    request_.names = {"audit"};
    home_.authority.reset();
    issue_and_die(home_.folder.path() / "state", home_.clock, IssuanceStep::reserved, request_.csr,
                  home_.folder.path() / "out.pem", "k", "audit");
  }
  Code again(api::Roles roles = api::Roles::all()) {
    return code_of(home_.authority->issue(request_, {.text = "test", .roles = roles, .person = "tester"}, "k"));
  }

  Home home_;
  api::IssueRequest request_;
};

TEST_F(LeftReserved, IsNotSignedWhenItsTimeIsOver) {
  home_.open();
  home_.clock.set(home_.clock.now() + kDay * 366 * 3);
  EXPECT_EQ(again(), Code::idempotency_key_reused);
  EXPECT_EQ(home_.authority->status()->unfinished, 1);
}

TEST_F(LeftReserved, IsNotSignedForWhoLacksARoleThatItGivesNow) {
  home_.open_with({.rights = {.auditor = {*policy::Rule::parse("cn:audit")}}});
  EXPECT_EQ(again({api::Role::issuer}), Code::forbidden);
  EXPECT_EQ(again({api::Role::issuer, api::Role::auditor}), Code::usage) << "it was signed";
}

TEST_F(LeftReserved, IsNotSignedUnderAProfileThatIsNotApproved) {
  ProfileConfig shorter;
  shorter.lifetime = kDay * 10;
  home_.open_with({.profiles = {{"client", shorter}}, .two_persons = TwoPersons::needed});
  EXPECT_EQ(again(), Code::approval_needed);
  home_.open();
  EXPECT_EQ(again(), Code::usage) << "it was signed";
}

std::string step_name(const ::testing::TestParamInfo<IssuanceStep>& test) {
  constexpr std::string_view kSteps[] = {"linted", "reserved", "signature_made", "completed"};
  return std::string(kSteps[static_cast<std::size_t>(test.param)]);
}

INSTANTIATE_TEST_SUITE_P(Step, KilledAfter,
                         ::testing::Values(IssuanceStep::linted, IssuanceStep::reserved, IssuanceStep::signature_made,
                                           IssuanceStep::completed),
                         step_name);

// A signer that fails, and one whose arithmetic does (what it returns does not verify).
class BadSigner final : public crypto::Signer {
 public:
  enum class Kind { refuses, miscalculates };
  BadSigner(std::shared_ptr<const crypto::Signer> good, Kind kind) : good_(std::move(good)), kind_(kind) {}
  const crypto::PublicKey& public_key() const override { return good_->public_key(); }
  ByteView algorithm_identifier() const override { return good_->algorithm_identifier(); }
  Result<Bytes> sign(ByteView message) const override {
    if (kind_ == Kind::refuses) return fail(Code::crypto_failed, "the token was taken out");
    Bytes signature = TRY(good_->sign(message));
    signature.back() ^= 1U;
    return signature;
  }

 private:
  std::shared_ptr<const crypto::Signer> good_;
  Kind kind_;
};

TEST(Signing, AWrongSignatureNeverComesOut) {
  for (const auto kind : {BadSigner::Kind::refuses, BadSigner::Kind::miscalculates}) {
    Home home;
    const auto good = home.authority->issuance().issuers();
    auto bad = std::make_shared<IssuerSet>(*good);
    for (Issuer& issuer : bad->issuers) {
      if (issuer.signer) issuer.signer = std::make_shared<BadSigner>(issuer.signer, kind);
    }
    home.authority->issuance().use(bad);
    EXPECT_EQ(code_of(home.issue("client", {"alice"})), Code::crypto_failed);
    const auto found = home.authority->list({.query = "profile:client", .after = {}});
    ASSERT_EQ(found->certificates.size(), 1U);
    EXPECT_EQ(found->certificates[0].state,
              kind == BadSigner::Kind::refuses ? api::CertificateState::abandoned : api::CertificateState::reserved);
    home.authority->issuance().use(good);
    EXPECT_TRUE(home.issue("client", {"alice"}));
  }
}

}  // namespace
}  // namespace symbolon::authority
