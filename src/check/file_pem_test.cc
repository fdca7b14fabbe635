// Every block that is whole is found, and every damage has its line.
#include "check/file_pem.h"

#include <gtest/gtest.h>

namespace symbolon::check {
namespace {

const std::string kBlock = "-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n";
const std::string kKey = "-----BEGIN EC PRIVATE KEY-----\nAAEC\n-----END EC PRIVATE KEY-----\n";

TEST(SplitPem, FindsBlocksBetweenOtherText) {
  const std::string content = "Bag Attributes\n" + kBlock + "\nsubject=x\n" + kKey;
  const PemText text = split_pem(content);
  ASSERT_EQ(text.parts.size(), 2U);
  EXPECT_TRUE(text.faults.empty());
  EXPECT_EQ(text.parts[0].line, 2);
  EXPECT_EQ(text.parts[0].last_line, 4);
  EXPECT_EQ(text.parts[0].der, (Bytes{0, 1, 2}));
  EXPECT_EQ(text.parts[0].text, kBlock);
  EXPECT_EQ(text.parts[1].line, 7);
  EXPECT_TRUE(text.parts[1].der.empty());
}

TEST(SplitPem, TakesLineBreaksOfEverySystemAndTheirAbsenceAtTheEnd) {
  const PemText text = split_pem("-----BEGIN X-----\r\nAAEC\r\n-----END X-----");
  ASSERT_EQ(text.parts.size(), 1U);
  EXPECT_EQ(text.parts[0].der, (Bytes{0, 1, 2}));
}

TEST(SplitPem, KnowsTheOldEncryption) {
  const PemText text = split_pem(
      "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAEC\n-----END RSA PRIVATE "
      "KEY-----\n");
  ASSERT_EQ(text.parts.size(), 1U);
  EXPECT_TRUE(text.parts[0].encrypted);
}

struct Damage {
  std::string text;
  int line;
  std::size_t whole;  // blocks that are found all the same
};

TEST(SplitPem, SaysTheLineAndGoesOn) {
  const Damage damages[] = {
      {"\xef\xbb\xbf" + kBlock, 1, 1},
      {"-----BEGIN CERTIFICATE-----\nAAEC\n" + kBlock, 1, 1},
      {kBlock + "-----BEGIN CERTIFICATE-----\nAAEC\n", 4, 1},
      {"-----BEGIN CERTIFICATE-----\nAA!C\n-----END CERTIFICATE-----\n" + kBlock, 2, 1},
      {"-----BEGIN CERTIFICATE-----\nAAECA\n-----END CERTIFICATE-----\n" + kBlock, 1, 1},
      {"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n" + kBlock, 1, 1},
      {"-----BEGIN CERTIFICATE-----\nAAEC\n-----END X-----\n" + kBlock, 3, 1},
      {"-----BEGIN CERTIFICATE-----\\nAAEC\\n-----END CERTIFICATE-----\\n", 1, 0},
      {"-----BEGIN CERTIFICATE-----\nAA" + std::string(1, '\0') + "C\n-----END CERTIFICATE-----\n", 2, 0},
      {"a\nb" + std::string(1, '\0') + "\n" + kBlock, 2, 1},
  };
  for (const Damage& damage : damages) {
    const PemText text = split_pem(damage.text);
    ASSERT_EQ(text.faults.size(), 1U) << damage.text;
    EXPECT_EQ(text.faults[0].line, damage.line) << damage.text << text.faults[0].words;
    EXPECT_EQ(text.parts.size(), damage.whole) << damage.text;
  }
}

TEST(SplitPem, IsBounded) {
  std::string many;
  for (std::size_t i = 0; i < kMostPemParts + 5; ++i) many += kBlock;
  const PemText text = split_pem(many);
  EXPECT_EQ(text.parts.size(), kMostPemParts);
  EXPECT_EQ(text.faults.size(), 1U);
  std::string damaged;
  for (int i = 0; i < 1000; ++i) damaged += "-----BEGIN X-----\n";
  EXPECT_LE(split_pem(damaged).faults.size(), 20U);
}

}  // namespace
}  // namespace symbolon::check
