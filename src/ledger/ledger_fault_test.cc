// What files, damage and other processes can do to a ledger: each gets its code, and nothing is lost.
#include <SQLiteCpp/Database.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fstream>

#include "ledger/fault_fixture.h"
#include "ledger/schema.h"

namespace symbolon::ledger {
namespace {

using namespace test;

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

}  // namespace
}  // namespace symbolon::ledger
