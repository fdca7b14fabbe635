// A disk that fills between the steps of an issuance: nothing is handed out, what was being signed stays known, and
// with room again everything goes on in the same process. The limit on the size of files stands for the disk.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "authority/testing.h"

namespace symbolon::authority {
namespace {

using testing::code_of;
using testing::Home;

// While `full`, no file grows.
void set_disk(bool full) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  limit.rlim_cur = full ? 1 : limit.rlim_max;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
}

class DiskFullAfter : public ::testing::TestWithParam<IssuanceStep> {
 protected:
  void SetUp() override { std::signal(SIGXFSZ, SIG_IGN); }
  void TearDown() override { set_disk(false); }
};

TEST_P(DiskFullAfter, NothingIsHandedOutAndNothingIsLost) {
  Home home;
  const std::string csr = home.request();
  home.authority.reset();
  bool fills = true;
  IssuanceOptions issuance;
  issuance.after_step = [&](IssuanceStep passed) {
    if (fills && passed == GetParam()) set_disk(true);
  };
  auto opened = Authority::open({.state = home.folder.path() / "state", .issuance = issuance}, home.clock);
  ASSERT_TRUE(opened) << opened.error().text();
  home.authority = std::move(*opened);

  const auto refused = home.issue("client", {"alice"}, csr);
  fills = false;
  EXPECT_EQ(code_of(refused), Code::ledger_disk_full);
  const auto known = home.authority->list({.query = "profile:client", .after = {}});  // reading needs no room
  ASSERT_TRUE(known) << known.error().text();
  ASSERT_EQ(known->certificates.size(), 1U);
  EXPECT_EQ(known->certificates[0].state, api::CertificateState::reserved);
  const std::string serial = known->certificates[0].serial;
  EXPECT_EQ(code_of(home.authority->revoke({.what = serial}, {"ops"})), Code::ledger_disk_full);

  set_disk(false);
  const auto revoked = home.authority->revoke({.what = serial}, {"ops"});
  ASSERT_TRUE(revoked) << revoked.error().text();
  const auto next = home.issue("client", {"bob"}, csr);
  ASSERT_TRUE(next) << next.error().text();
  EXPECT_NE(next->summary.serial, serial);
  EXPECT_TRUE(home.authority->verify_ledger({}, {}));
}

INSTANTIATE_TEST_SUITE_P(EveryStep, DiskFullAfter,
                         ::testing::Values(IssuanceStep::reserved, IssuanceStep::signature_made), [](const auto& test) {
                           return test.param == IssuanceStep::reserved ? "reserved" : "signature_made";
                         });

}  // namespace
}  // namespace symbolon::authority
