// The rules of the lint on all but names and extensions, each broken.
#include "x509/lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "x509/testing/lint_draft.h"

namespace symbolon::x509 {
namespace {

using ::testing::Contains;
using testing::Draft;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace testing::lint;

TEST(Lint, HasNothingToSayOfWhatIsRight) {
  EXPECT_THAT(codes(leaf()), IsEmpty());
  EXPECT_THAT(codes(issuing_ca(), ca_rules()), IsEmpty());
}

TEST(Lint, Version) {
  Draft draft = leaf();
  draft.version = "EXPLICIT:0,INTEGER:1";
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_version));
  draft.version = "";
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_version));
}

TEST(Lint, Serial) {
  for (const char* const bad : {"INTEGER:0", "INTEGER:-0x4102030405060708090a", "INTEGER:0x41020304",
                                "INTEGER:0x410203040506070809101112131415161718192021"}) {
    Draft draft = leaf();
    draft.serial = bad;
    EXPECT_THAT(codes(draft), Contains(Code::lint_serial)) << bad;
  }
}

TEST(Lint, SignatureAlgorithm) {
  Draft draft = leaf();
  draft.algorithm = "OID:1.2.840.10045.4.3.3";
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_signature_algorithm));
  // SHA-1, agreed on by both sides, is no better.
  draft.algorithm = "OID:1.2.840.10045.4.1";
  LintRules rules = leaf_rules();
  const Bytes sha1 = *from_hex("300906072a8648ce3d0401");
  rules.algorithm_identifier = sha1;
  EXPECT_THAT(codes(draft, rules), ElementsAre(Code::lint_signature_algorithm));
}

TEST(Lint, Issuer) {
  Draft draft = leaf();
  draft.issuer = "CN,UTF8:issuing";
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_issuer_mismatch));
  draft.issuer = "CN,PRINTABLE:Issuing";  // equal to a reader of names, but not the same octets
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_issuer_mismatch));
}

TEST(Lint, Validity) {
  const std::pair<const char*, const char*> bad[] = {
      {"UTCTIME:270201000000Z", "UTCTIME:270101000000Z"},     {"UTCTIME:270101000000Z", "UTCTIME:270101000000Z"},
      {"UTCTIME:270101000000Z", "GENTIME:20270201000000Z"},   {"UTCTIME:270101000000+0100", "UTCTIME:270201000000Z"},
      {"GENTIME:20270101000000.5Z", "UTCTIME:270201000000Z"}, {"UTCTIME:200101000000Z", "UTCTIME:270201000000Z"}};
  for (const auto& [begin, end] : bad) {
    Draft draft = leaf();
    draft.not_before = begin;
    draft.not_after = end;
    EXPECT_THAT(codes(draft), ElementsAre(Code::lint_validity)) << begin << " " << end;
  }
  // Without seconds: newer versions of openssl write no such UTCTime, so that it becomes one afterwards.
  Draft draft = leaf();
  draft.not_before = "IA5STRING:2701010000Z";
  Bytes tbs = encode(draft);
  const auto written = std::ranges::search(tbs, as_bytes("\x16\v2701010000Z"));
  ASSERT_FALSE(written.empty());
  written.front() = 0x17;
  EXPECT_THAT(codes(tbs, leaf_rules()), ElementsAre(Code::lint_validity));
}

TEST(Lint, OutlivesIssuer) {
  Draft draft = leaf();
  draft.not_after = "GENTIME:22000101000000Z";
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_outlives_issuer));
}

TEST(Lint, Key) {
  Draft draft = leaf();
  draft.key = to_hex(material().issuer->public_key().spki().last(65));
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_weak_key));  // not the key that was checked
  LintRules rules = leaf_rules();
  rules.key = nullptr;
  draft.key = "0400";
  EXPECT_THAT(codes(draft, rules), ElementsAre(Code::lint_weak_key));
}

TEST(Lint, Encoding) {
  const Bytes good = encode(leaf());
  for (std::size_t size = 0; size < good.size(); size += 7) {
    EXPECT_THAT(codes(ByteView(good).first(size), leaf_rules()), ElementsAre(Code::lint_encoding)) << size;
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_THAT(codes(longer, leaf_rules()), ElementsAre(Code::lint_encoding));
  Draft draft = leaf();
  draft.more = "INTEGER:1";
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_encoding));
}

TEST(Lint, EveryOctetThatChangesIsNoticedOrHarmless) {
  // Whatever one bit does, the lint ends, and only a change inside a value that it does not know (a name, a date within
  // the period, the serial) passes.
  const Bytes good = encode(leaf());
  std::size_t passed = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes changed = good;
    changed[i] ^= 0x20U;
    if (lint_tbs(changed, leaf_rules()).empty()) ++passed;
  }
  EXPECT_LT(passed, 48U);
}

}  // namespace
}  // namespace symbolon::x509
