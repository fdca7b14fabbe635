// What disks can do to a ledger and its backups: each gets its code, and nothing is lost.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "ledger/fault_fixture.h"

namespace symbolon::ledger {
namespace {

using namespace test;

// -- disks ----------------------------------------------------------------------------------------------------------

// Issues until the disk refuses; returns how many were answered.
int issue_until_refused(Ledger& ledger, IssuerId issuer, Code expected, std::vector<NewIntent>& refused) {
  const SerialAllocator serials(ledger.instance_prefix());
  for (int n = 0; n < 100'000; ++n) {
    const NewIntent intent = intent_for(issuer, serials.draw(), fmt::format("host-{}.example", n));
    const Result<IntentId> id = ledger.reserve(intent);
    const Result<CertificateId> done =
        id ? ledger.complete({*id, certificate_for(intent.tbs)}) : Result<CertificateId>(std::unexpected(id.error()));
    if (done) continue;
    EXPECT_EQ(done.error().code, expected) << done.error().text();
    refused.push_back(intent);
    return n;
  }
  ADD_FAILURE() << "the disk never refused";
  return 0;
}

// A file system of its own, where the tests may make one: as root, or through a sudo that does not ask.
class SmallDisk {
 public:
  SmallDisk() : mounted_(as_root(fmt::format("mount -t tmpfs -o size=2m,mode=700,uid={} tmpfs", ::geteuid()))) {}
  ~SmallDisk() {
    if (mounted_) as_root("umount -l");
  }
  bool mounted() const { return mounted_; }
  void make_read_only() { ASSERT_TRUE(as_root("mount -o remount,ro")); }
  Path operator/(std::string_view name) const { return folder_ / name; }

 private:
  bool as_root(const std::string& command) const {
    const char* const before = ::geteuid() == 0 ? "" : "sudo -n ";
    return std::system(fmt::format("{}{} {} </dev/null", before, command, folder_.path().string()).c_str()) == 0;
  }

  Folder folder_;
  bool mounted_;
};

TEST_F(LedgerFaultTest, AFullDiskRefusesAndLosesNothingAndCanBeMended) {
  const SmallDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "no file system can be mounted here";
  path_ = disk / "ledger.db";
  std::ofstream(disk / "ballast") << std::string(512 << 10, 'x');
  std::vector<NewIntent> refused;
  int issued = 0;
  {
    const auto ledger = create().value();
    const IssuerId issuer = add_issuer(*ledger);
    issued = issue_until_refused(*ledger, issuer, Code::ledger_disk_full, refused);
    EXPECT_GT(issued, 10);
    EXPECT_EQ(ledger->status().value().certificates, static_cast<std::uint64_t>(issued));
    ASSERT_TRUE(ledger->verify({}));
    // Room is made while the process runs.
    std::filesystem::remove(disk / "ballast");
    const SerialAllocator serials(ledger->instance_prefix());
    issue(*ledger, intent_for(issuer, serials.draw(), "after.example"));
  }
  const auto ledger = open().value();
  EXPECT_EQ(ledger->status().value().certificates, static_cast<std::uint64_t>(issued) + 1);
  EXPECT_TRUE(ledger->verify({}));
  EXPECT_TRUE(ledger->revoke({.issuer = {1}, .serial = ledger->certificate(CertificateId{1})->serial}));
}

TEST_F(LedgerFaultTest, ADiskThatIsFullAtTheStartSaysSo) {
  const SmallDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "no file system can be mounted here";
  path_ = disk / "ledger.db";
  std::ofstream(disk / "ballast") << std::string(2 << 20, 'x');
  EXPECT_EQ(code_of(create()), Code::ledger_disk_full);
  EXPECT_FALSE(std::filesystem::exists(path_));
  std::filesystem::remove(disk / "ballast");
  EXPECT_TRUE(create());
}

TEST_F(LedgerFaultTest, AReadOnlyFileSystemSaysSo) {
  SmallDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "no file system can be mounted here";
  path_ = disk / "ledger.db";
  fill(1);
  disk.make_read_only();
  EXPECT_EQ(code_of(open()), Code::ledger_read_only);
  path_ = disk / "another.db";
  EXPECT_EQ(code_of(create()), Code::ledger_read_only);
}

// Runs in a process of its own, since a limit or a user id cannot be taken back.
template <typename Body>
void in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    body();
    ::_exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(LedgerFaultTest, AFileWithoutWritePermissionSaysSo) {
  fill(1);
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0555), 0);
  for (const char* suffix : {"", ".lock"}) ASSERT_EQ(::chmod((path_.string() + suffix).c_str(), 0444), 0);
  in_child([this] {
    if (::geteuid() == 0) {
      ASSERT_EQ(::setuid(65534), 0);
    }
    EXPECT_EQ(code_of(open()), Code::ledger_read_only);
  });
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
}

TEST_F(LedgerFaultTest, AFileSizeLimitIsAFullDisk) {
  in_child([this] {
    std::signal(SIGXFSZ, SIG_IGN);
    const auto ledger = create().value();
    const IssuerId issuer = add_issuer(*ledger);
    const rlimit limit{1 << 20, 1 << 20};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
    std::vector<NewIntent> refused;
    EXPECT_GT(issue_until_refused(*ledger, issuer, Code::ledger_disk_full, refused), 10);
    EXPECT_TRUE(ledger->verify({}));
  });
  EXPECT_TRUE(open().value()->verify({}));
}

// -- backup ---------------------------------------------------------------------------------------------------------

TEST_F(LedgerFaultTest, ABackupIsOneStateOfTheLedgerWhileItIsWritten) {
  const auto ledger = create().value();
  const IssuerId issuer = add_issuer(*ledger);
  const SerialAllocator serials(ledger->instance_prefix());
  issue_many(*ledger, issuer, 300);
  std::atomic<bool> stop = false;
  std::atomic<int> written = 0;
  std::thread writer([&] {
    while (!stop) {
      issue(*ledger, intent_for(issuer, serials.draw(), "b.example"));
      ++written;
    }
  });
  while (written < 3) std::this_thread::yield();
  std::uint64_t last = 0;
  std::uint64_t pages = 0;
  const Path copy_path = folder_ / "copy.db";
  const Result<BackupReport> report = ledger->backup(copy_path, [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_FALSE(std::filesystem::exists(copy_path));  // not before it is complete
    last = done;
    pages = total;
    const int before = written;
    while (written < before + 3) std::this_thread::yield();  // it is written between the steps
    return Proceed::yes;
  });
  stop = true;
  writer.join();
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(last, pages);
  EXPECT_EQ(report->octets, pages * 4096);
  struct stat info = {};
  ASSERT_EQ(::stat(copy_path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  const auto copy = SqliteLedger::open(copy_path, {.clock = &clock_}).value();
  const VerifyReport verified = copy->verify({}).value();
  EXPECT_EQ(verified.head.sequence, report->head.sequence);
  EXPECT_EQ(verified.head.hash, report->head.hash);
  EXPECT_EQ(copy->instance_prefix(), ledger->instance_prefix());
}

TEST_F(LedgerFaultTest, ABackupOverwritesNothingAndAStoppedOneLeavesNothing) {
  fill(5);
  const auto ledger = open().value();
  const Path copy = folder_ / "copy.db";
  EXPECT_EQ(code_of(ledger->backup(copy, [](auto, auto) { return Proceed::no; })), Code::cancelled);
  std::ofstream(copy) << "older";
  EXPECT_EQ(code_of(ledger->backup(copy, {})), Code::file_exists);
  EXPECT_EQ(read_file(copy).value(), "older");
  EXPECT_EQ(code_of(ledger->backup(folder_ / "nowhere" / "copy.db", {})), Code::file_unwritable);
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    EXPECT_FALSE(entry.path().filename().string().starts_with("copy.db.")) << entry.path();
  }
}

TEST_F(LedgerFaultTest, ABackupToAFullDiskLeavesNothing) {
  const SmallDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "no file system can be mounted here";
  fill(20);
  std::ofstream(disk / "ballast") << std::string((2 << 20) - (64 << 10), 'x');
  const auto ledger = open().value();
  EXPECT_EQ(code_of(ledger->backup(disk / "copy.db", {})), Code::ledger_disk_full);
  EXPECT_FALSE(std::filesystem::exists(disk / "copy.db"));
  EXPECT_TRUE(ledger->verify({}));
}

}  // namespace
}  // namespace symbolon::ledger
