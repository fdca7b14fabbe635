// What disks, files, clocks and other processes can do to a ledger: each gets its code, and nothing is lost.
#include <SQLiteCpp/Database.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "ledger/schema.h"
#include "ledger/test_support.h"

namespace symbolon::ledger {
namespace {

using namespace test;

class LedgerFaultTest : public testing::Test {
 protected:
  Result<std::unique_ptr<Ledger>> create() { return SqliteLedger::create(path_, {.clock = &clock_}); }
  Result<std::unique_ptr<Ledger>> open() { return SqliteLedger::open(path_, {.clock = &clock_}); }
  // A ledger with so many certificates, closed.
  void fill(int certificates) {
    const auto ledger = create().value();
    const IssuerId issuer = add_issuer(*ledger);
    issue_many(*ledger, issuer, certificates);
  }
  void tamper(const std::string& statements) {
    SQLite::Database database(path_.string(), SQLite::OPEN_READWRITE);
    database.exec(statements);
  }

  Folder folder_;
  Path path_ = folder_ / "ledger.db";
  TestClock clock_;
};

// -- files ----------------------------------------------------------------------------------------------------------

TEST_F(LedgerFaultTest, AMissingFileIsNotMade) {
  EXPECT_EQ(code_of(open()), Code::state_missing);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(LedgerFaultTest, AnExistingFileIsNotOverwritten) {
  std::ofstream(path_) << "something of somebody";
  EXPECT_EQ(code_of(create()), Code::file_exists);
  EXPECT_EQ(read_file(path_).value(), "something of somebody");
}

TEST_F(LedgerFaultTest, WhatAKilledCreationLeftIsNoObstacle) {
  std::ofstream(path_.string() + ".new") << "half a ledger";
  EXPECT_TRUE(create());
  EXPECT_FALSE(std::filesystem::exists(path_.string() + ".new"));
}

TEST_F(LedgerFaultTest, TheFilesAreForTheirOwnerOnly) {
  const auto ledger = create().value();
  add_issuer(*ledger);
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
    struct stat info = {};
    ASSERT_EQ(::stat((path_.string() + suffix).c_str(), &info), 0) << suffix;
    EXPECT_EQ(info.st_mode & 0777U, 0600U) << suffix;
  }
}

TEST_F(LedgerFaultTest, TwoProcessesOnOneLedger) {
  const auto ledger = create().value();
  EXPECT_EQ(code_of(open()), Code::state_locked);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto second = SqliteLedger::open(path_);
    ::_exit(!second && second.error().code == Code::state_locked ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(LedgerFaultTest, AnotherProgramsDatabaseIsForeign) {
  {
    SQLite::Database database(path_.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    database.exec("CREATE TABLE t (a); PRAGMA application_id=77");
  }
  EXPECT_EQ(code_of(open()), Code::ledger_foreign);
}

TEST_F(LedgerFaultTest, AnEmptyFileIsForeign) {
  std::ofstream file(path_);
  file.close();
  EXPECT_EQ(code_of(open()), Code::ledger_foreign);
}

TEST_F(LedgerFaultTest, ALedgerOfANewerVersionIsLeftAlone) {
  fill(1);
  tamper("PRAGMA user_version=99");
  EXPECT_EQ(code_of(open()), Code::ledger_newer);
}

TEST_F(LedgerFaultTest, EachReleasedVersionOpens) {
  for (std::size_t version = 1; version <= migrations().size(); ++version) {
    const Path old = folder_ / fmt::format("version-{}.db", version);
    std::ofstream(old).close();
    sql::Connection connection = sql::Connection::open(old, sql::Access::write).value();
    ASSERT_TRUE(create_schema(connection, migrations().first(version)));
    EXPECT_EQ(connection.integer("PRAGMA user_version").value(), static_cast<std::int64_t>(version));
    ASSERT_TRUE(migrate(connection, migrations()));
    EXPECT_EQ(connection.integer("PRAGMA user_version").value(), static_cast<std::int64_t>(migrations().size()));
  }
}

TEST_F(LedgerFaultTest, AMigrationThatFailsChangesNothing) {
  std::ofstream(path_).close();
  sql::Connection connection = sql::Connection::open(path_, sql::Access::write).value();
  const std::string_view steps[] = {"CREATE TABLE a (x) STRICT; ", "CREATE TABLE b (x INTEGER) STRICT; SELECT nothing"};
  const std::string_view good[] = {"CREATE TABLE a (x INTEGER) STRICT", "CREATE TABLE b (x INTEGER) STRICT"};
  ASSERT_TRUE(create_schema(connection, std::span(good).first(1)));
  EXPECT_FALSE(migrate(connection, steps));
  EXPECT_EQ(connection.integer("PRAGMA user_version").value(), 1);
  EXPECT_EQ(connection.integer("SELECT count(*) FROM sqlite_schema").value(), 1);
  ASSERT_TRUE(migrate(connection, good));
  EXPECT_EQ(connection.integer("PRAGMA user_version").value(), 2);
}

// -- damage ---------------------------------------------------------------------------------------------------------

TEST_F(LedgerFaultTest, AGarbageHeaderIsDamage) {
  fill(1);
  std::fstream(path_, std::ios::in | std::ios::out | std::ios::binary) << std::string(100, 'x');
  EXPECT_EQ(code_of(open()), Code::ledger_corrupt);
}

TEST_F(LedgerFaultTest, ACutFileIsDamage) {
  fill(50);
  std::filesystem::resize_file(path_, 3 * 4096);
  EXPECT_EQ(code_of(open()), Code::ledger_corrupt);
}

TEST_F(LedgerFaultTest, OverwrittenPagesAreFound) {
  fill(200);
  const auto pages = std::filesystem::file_size(path_) / 4096;
  ASSERT_GT(pages, 40U);
  {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    for (std::uint64_t page = 20; page < pages; page += 3) {
      file.seekp(static_cast<std::streamoff>(page * 4096));
      file << std::string(4096, '\x5a');
    }
  }
  const Result<std::unique_ptr<Ledger>> opened = open();
  if (!opened) {
    EXPECT_EQ(opened.error().code, Code::ledger_corrupt);
    return;
  }
  EXPECT_EQ(code_of((*opened)->verify({})), Code::ledger_corrupt);
  EXPECT_EQ(code_of((*opened)->list(parse_query("web", kNow).value(), {})), Code::ledger_corrupt);
}

// -- tampering ------------------------------------------------------------------------------------------------------

struct Tampering {
  const char* name;
  const char* statements;
  std::uint64_t entry;  // the first that does not fit
};

class LedgerTamperTest : public LedgerFaultTest, public testing::WithParamInterface<Tampering> {};

// Entries: 1 create, 2 add_issuer, for each certificate n from 1 a reserve (2 + n), then for each an issue (102 + n).
TEST_P(LedgerTamperTest, ShowsAtTheFirstBadEntry) {
  {
    fill(100);
    const auto ledger = open().value();
    const CertificateRecord first = ledger->certificate(CertificateId{1}).value();
    ASSERT_TRUE(ledger->revoke({.issuer = first.issuer, .serial = first.serial}));  // entry 203
    const SerialAllocator serials(ledger->instance_prefix());
    const NewIntent left = intent_for(first.issuer, serials.draw(), "left.example");
    ASSERT_TRUE(ledger->abandon(ledger->reserve(left).value(), "no"));  // 204, 205
    for (int n = 0; n < 120; ++n) ASSERT_TRUE(ledger->note({.actor = "root", .action = "reload"}));
    ASSERT_TRUE(ledger->verify({}));
  }
  tamper(GetParam().statements);
  const auto ledger = open().value();
  const Result<VerifyReport> report = ledger->verify({});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::audit_broken);
  EXPECT_TRUE(report.error().words.starts_with(fmt::format("entry {}:", GetParam().entry))) << report.error().text();
}

INSTANTIATE_TEST_SUITE_P(
    All, LedgerTamperTest,
    testing::Values(
        Tampering{"ChangedActor", "UPDATE audit SET actor='mallory' WHERE sequence=7", 7},
        Tampering{"ChangedTime", "UPDATE audit SET time=time+1 WHERE sequence=7", 7},
        Tampering{"ChangedHash", "UPDATE audit SET hash=zeroblob(32) WHERE sequence=7", 7},
        Tampering{"MissingEntry", "DELETE FROM audit WHERE sequence=7", 7},
        Tampering{"MissingFirstEntry", "DELETE FROM audit WHERE sequence=1", 1},
        Tampering{"MissingLastEntries", "DELETE FROM audit WHERE sequence>100", 100},
        Tampering{"ChangedRequester", "UPDATE certificates SET requester='bob' WHERE id=3", 5},
        Tampering{"ChangedNames", "UPDATE certificates SET names='dns:evil' WHERE id=3", 5},
        Tampering{"ChangedIssuer", "PRAGMA foreign_keys=OFF; UPDATE certificates SET issuer=9 WHERE id=3", 5},
        Tampering{"ChangedCertificate", "UPDATE bodies SET der=(SELECT der FROM bodies WHERE id=4) WHERE id=3", 5},
        Tampering{"ChangedSignature",
                  "UPDATE bodies SET der=CAST(substr(der,1,length(der)-1)||x'00' AS BLOB) WHERE id=3", 105},
        Tampering{"ChangedFingerprint", "UPDATE certificates SET fingerprint=zeroblob(32) WHERE id=3", 105},
        Tampering{"ChangedState", "UPDATE certificates SET state=2 WHERE id=3", 5},
        Tampering{"MissingCertificate",
                  "PRAGMA foreign_keys=OFF; DELETE FROM bodies WHERE id=3; DELETE FROM certificates WHERE id=3", 5},
        Tampering{"UnrevokedCertificate", "DELETE FROM revocations", 203},
        Tampering{"ChangedReason", "UPDATE revocations SET reason=4", 203},
        Tampering{"ChangedWhy", "UPDATE bodies SET abandoned_because='yes' WHERE id=101", 205},
        Tampering{"AddedCertificate",
                  "INSERT INTO certificates SELECT 500, issuer, x'01', state, profile, requester, subject, names,"
                  " not_before, not_after, spki_sha256, reserved_at, changed_at, fingerprint"
                  " FROM certificates WHERE id=3; INSERT INTO bodies SELECT 500, der, NULL FROM bodies WHERE id=3",
                  325},
        Tampering{"AddedRevocation", "INSERT INTO revocations VALUES (2, 1, x'01', NULL, 0, 1, NULL, 'x')", 325},
        Tampering{"ChangedKeyReference", "UPDATE issuers SET key_reference='keys/other.key'", 2},
        Tampering{"ChangedIssuerState", "UPDATE issuers SET state=1", 325},
        Tampering{"ChangedIssuerInUse", "UPDATE issuers SET in_use=1", 325}),
    [](const auto& each) { return std::string(each.param.name); });

TEST_F(LedgerFaultTest, ABrokenEndOfTheChainStopsTheStart) {
  fill(3);
  tamper("UPDATE audit SET details='{}' WHERE sequence=(SELECT max(sequence) FROM audit)");
  EXPECT_EQ(code_of(open()), Code::audit_broken);
}

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

// A file system of its own, where the tests may make one.
class SmallDisk {
 public:
  SmallDisk() : mounted_(::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=2m") == 0) {}
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  void make_read_only() {
    ASSERT_EQ(::mount(nullptr, folder_.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0);
  }
  Path operator/(std::string_view name) const { return folder_ / name; }

 private:
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
