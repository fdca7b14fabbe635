#include "authority/head_key.h"

#include <gtest/gtest.h>

#include "authority/testing.h"

namespace symbolon::authority {
namespace {

using namespace testing;

class HeadKeyTest : public ::testing::Test {
 protected:
  HeadKeyTest() { EXPECT_TRUE(make_folder(layout_.folder, 0700)); }
  Folder folder_;
  const StateLayout layout_{folder_.path() / "state"};
  const AskPassphrase ask_ = [](const Path&) -> Result<Secret> { return Secret(kPassphrase); };
};

TEST_F(HeadKeyTest, IsMadeOnceAndForItsOwnerAlone) {
  const HeadKeySource source = head_key_in_files(layout_, {});
  const auto first = source(AtRest::plain);
  ASSERT_TRUE(first) << first.error().text();
  struct stat info{};
  ASSERT_EQ(::stat(layout_.head_key().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  const auto again = source(AtRest::plain);
  ASSERT_TRUE(again);
  EXPECT_TRUE(std::ranges::equal((*again)->public_key().spki(), (*first)->public_key().spki()));
  const auto read = read_head_key(layout_.head_public_key());
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_TRUE(std::ranges::equal(read->spki(), (*first)->public_key().spki()));
  must(fmt::format("openssl pkey -in {} -pubout | cmp - {}", layout_.head_key().string(),
                   layout_.head_public_key().string()));
}

// Else what it signed would be vouched for by nobody, and nobody would have said so.
TEST_F(HeadKeyTest, WhereItIsGoneNoOtherIsMadeInItsPlace) {
  const HeadKeySource source = head_key_in_files(layout_, {});
  ASSERT_TRUE(source(AtRest::plain));
  std::filesystem::remove(layout_.head_key());
  EXPECT_EQ(code_of(source(AtRest::plain)), Code::file_missing);
  EXPECT_FALSE(std::filesystem::exists(layout_.head_key()));
  std::filesystem::remove(layout_.head_public_key());
  EXPECT_TRUE(source(AtRest::plain));
}

TEST_F(HeadKeyTest, APublicKeyThatIsMissingIsWrittenAndOneOfAnotherKeyIsSaid) {
  const HeadKeySource source = head_key_in_files(layout_, {});
  ASSERT_TRUE(source(AtRest::plain));
  std::filesystem::remove(layout_.head_public_key());
  ASSERT_TRUE(source(AtRest::plain));
  EXPECT_TRUE(read_head_key(layout_.head_public_key()));
  const auto other = crypto::PrivateKey::generate(crypto::KeyType::p256)->public_key();
  ASSERT_TRUE(write_file(layout_.head_public_key(), head_key_pem(other), {.existing = Existing::replace}));
  EXPECT_EQ(code_of(source(AtRest::plain)), Code::key_mismatch);
}

TEST_F(HeadKeyTest, LiesEncryptedWhereTheIssuingKeysDo) {
  EXPECT_EQ(code_of(head_key_in_files(layout_, {})(AtRest::encrypted)), Code::passphrase_needed);
  ASSERT_TRUE(head_key_in_files(layout_, ask_)(AtRest::encrypted));
  EXPECT_TRUE(crypto::is_encrypted_key(folder_.get("state/heads.key")));
  EXPECT_TRUE(head_key_in_files(layout_, ask_)(AtRest::plain));
  EXPECT_EQ(code_of(head_key_in_files(layout_, {})(AtRest::plain)), Code::passphrase_needed);
}

TEST_F(HeadKeyTest, InitMakesItAsItMakesTheIssuingKey) {
  InitOptions options;
  options.organization = "Example Corp";
  options.state = layout_.folder;
  options.root_passphrase = Secret(kPassphrase);
  options.issuing_passphrase = Secret(kPassphrase);
  const auto made = init(options, FixedClock{kNow});
  ASSERT_TRUE(made) << made.error().text();
  EXPECT_TRUE(crypto::is_encrypted_key(folder_.get("state/heads.key")));
  const Home plain;
  EXPECT_FALSE(crypto::is_encrypted_key(plain.folder.get("state/heads.key")));
}

}  // namespace
}  // namespace symbolon::authority
