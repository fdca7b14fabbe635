// Each certificate of a kit is wrong in what it is to be wrong in, and in nothing else, as the openssl command line
// sees it.
#include "prove/kit.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "prove/testing/own_ca.h"
#include "x509/testing/shell.h"

namespace symbolon::prove {
namespace {

using testing::kNow;
using x509::testing::Folder;
using x509::testing::Outcome;
using x509::testing::run;

class KitFolder : public ::testing::Test {
 protected:
  Path kit() const { return Path(folder_.path()) / "kit"; }
  KitContent make(const KitCa& ca) const {
    auto content = make_kit(ca, testing::somebody(), kNow);
    EXPECT_TRUE(content.has_value()) << (content ? "" : content.error().text());
    return std::move(*content);
  }
  void write(const std::string& constraints = {}) const {
    const KitCa ca = testing::own_ca(constraints);
    EXPECT_TRUE(write_kit(kit(), ca, make(ca), kNow, Existing::keep).has_value());
  }
  // As a TLS server verifies its client: the chain as it was sent, trust in the CA alone.
  Outcome verify(const std::string& id) const {
    const std::string file = (kit() / (id + ".crt")).string();
    return run(fmt::format("openssl verify -purpose sslclient -CAfile {} -untrusted {} {}", (kit() / "ca.crt").string(),
                           file, file));
  }

 private:
  Folder folder_;
};

TEST_F(KitFolder, OpensslFindsTheIntendedFaultOfEach) {
  write();
  EXPECT_EQ(verify("good").status, 0) << verify("good").output;
  EXPECT_EQ(verify("revoked").status, 0) << verify("revoked").output;
  const std::pair<const char*, int> wanted[] = {
      {"foreign_ca", 7},          // certificate signature failure
      {"foreign_ca_own_id", 19},  // self-signed certificate in certificate chain
      {"self_signed", 18},        // self-signed certificate
      {"expired", 10},            // certificate has expired
      {"not_yet_valid", 9},       // certificate is not yet valid
      {"wrong_eku", 26},          // unsuitable certificate purpose
      {"ca_as_leaf", 26},         // likewise: its key usage lacks digitalSignature
      {"path_length", 25},        // path length constraint exceeded
      {"name_constraints", 47}    // permitted subtree violation
  };
  for (const auto& [id, error] : wanted) {
    const Outcome outcome = verify(id);
    EXPECT_NE(outcome.status, 0) << id;
    EXPECT_TRUE(outcome.holds(fmt::format("error {} at", error))) << id << "\n" << outcome.output;
  }
}

TEST_F(KitFolder, AllSayThatTheyAreTheSameClient) {
  const KitCa ca = testing::own_ca();
  const KitContent content = make(ca);
  const x509::Certificate& good = content.members.front().chain.front();
  EXPECT_EQ(content.members.front().id, "good");
  for (const KitMember& member : content.members) {
    const x509::Certificate& leaf = member.chain.front();
    EXPECT_EQ(leaf.subject(), good.subject()) << member.id;
    ASSERT_FALSE(leaf.subject_alt_names().empty()) << member.id;
    EXPECT_EQ(leaf.subject_alt_names().front(), good.subject_alt_names().front()) << member.id;
    EXPECT_TRUE(member.key.belongs_to(leaf.public_key())) << member.id;
  }
}

TEST_F(KitFolder, KeysAreForTheirOwnerAloneAndNothingIsReplacedUnasked) {
  write();
  struct stat status{};
  ASSERT_EQ(::stat((kit() / "good.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const KitCa ca = testing::own_ca();
  const KitContent content = make(ca);
  const auto again = write_kit(kit(), ca, content, kNow, Existing::keep);
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, Code::file_exists);
  EXPECT_TRUE(write_kit(kit(), ca, content, kNow, Existing::replace).has_value());
}

TEST_F(KitFolder, IsReadAgain) {
  write();
  const auto read = Kit::read(kit());
  ASSERT_TRUE(read.has_value()) << read.error().text();
  for (const char* const id : {"good", "foreign_ca", "self_signed", "expired", "not_yet_valid", "wrong_eku",
                               "ca_as_leaf", "path_length", "name_constraints", "revoked"}) {
    EXPECT_NE(read->find(id), nullptr) << id;
  }
  EXPECT_EQ(read->find("nobody"), nullptr);
  EXPECT_EQ(read->identity().subject, testing::somebody().subject);
  EXPECT_EQ(read->identity().names, testing::somebody().names);
}

TEST_F(KitFolder, BelowACaThatMayHaveNoneBelowItOneIsLeftOut) {
  write(",pathlen:0");
  EXPECT_EQ(verify("good").status, 0);
  EXPECT_TRUE(verify("path_length").holds("error 25 at"));
  const auto read = Kit::read(kit());
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->find("name_constraints"), nullptr);
  EXPECT_NE(read->why_not("name_constraints").find("pathlen:0"), std::string::npos);
}

TEST_F(KitFolder, ADamagedManifestIsAnError) {
  write();
  for (const char* const bad :
       {"", "[]", "{", R"({"certificates": []})", R"({"certificates": [{"id": "../../etc/passwd"}]})",
        R"({"certificates": [{"id": 1}]})", R"({"certificates": [{"id": "expired"}]})"}) {
    ASSERT_TRUE(write_file(kit() / "kit.json", bad, {.existing = Existing::replace}).has_value());
    const auto read = Kit::read(kit());
    ASSERT_FALSE(read.has_value()) << bad;
    EXPECT_EQ(read.error().code, Code::bad_request) << bad;
  }
}

TEST_F(KitFolder, AShortLivedClientIsTheGoodOneWithAnotherEnd) {
  const KitCa ca = testing::own_ca();
  const auto made = make_short_lived(ca, testing::somebody(), kNow, kNow + Seconds{7});
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(made->chain.front().validity().not_after, kNow + Seconds{7});
  EXPECT_EQ(made->chain.front().subject(), testing::somebody().subject);
}

TEST(KitCa, IsACaWithItsKeyThatHasNotEnded) {
  const auto files = testing::own_ca_files();
  const auto code = [](const Result<KitCa>& opened) { return opened ? Code::internal : opened.error().code; };
  const auto open = [&](const std::string& certificate, UnixSeconds at) {
    return KitCa::open(certificate, "ca.crt", Secret(files.key), Secret(), at);
  };
  EXPECT_TRUE(open(files.certificate, kNow).has_value());
  EXPECT_EQ(code(open(files.certificate, kNow + kDay * 50)), Code::ca_expired);
  EXPECT_EQ(code(open(testing::own_ca_files().certificate, kNow)), Code::key_mismatch);
  const KitCa ca = testing::own_ca();
  const auto content = make_kit(ca, testing::somebody(), kNow);
  ASSERT_TRUE(content.has_value());
  const KitMember& good = content->members.front();
  const auto pem = good.key.to_pem();
  ASSERT_TRUE(pem.has_value());
  EXPECT_EQ(code(KitCa::open(good.chain.front().pem(), "x", *pem, Secret(), kNow)), Code::bad_request);
}

}  // namespace
}  // namespace symbolon::prove
