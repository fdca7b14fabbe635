// What is said of certificates, requests, CRLs and keys, at a moment that the test chooses.
#include "check/file_report.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "check/file_read.h"
#include "x509/pem.h"
#include "x509/testing/forge.h"
#include "x509/testing/shell.h"

namespace symbolon::check {
namespace {

using x509::Certificate;
using x509::testing::forge;
using x509::testing::Forge;
using x509::testing::kNow;

struct Pki {
  Certificate root = forge().ca("f-root", "Root");
  Certificate issuing = forge().ca("f-issuing", "Issuing", "f-root");
  Certificate leaf = forge().client("f-leaf", "leaf", "f-issuing");
};
const Pki& pki() {
  static const Pki pki;
  return pki;
}

std::string key_of(std::string_view id) {
  pki();  // forge.py makes the keys of its certificates
  return std::string(as_text(forge().make(fmt::format(R"({{"private_key": "{}"}})", id))));
}

struct Said {
  FileObservation seen;
  FileReport report;
  bool has(Code code) const {
    return std::ranges::any_of(report.findings, [&](const FileFinding& one) { return one.finding.code == code; });
  }
  std::string text() const { return to_text(seen, report, kNow); }
};

Said said(const std::string& content, const x509::TrustBundle* trust = nullptr, UnixSeconds now = kNow) {
  FileReading how;
  if (trust != nullptr) how.issuers = trust->anchors();
  Said out{read_content("file", content, how), {}};
  out.report = explain(out.seen, now, trust);
  return out;
}

x509::TrustBundle bundle(const Certificate& anchor) {
  return x509::TrustBundle::for_report({anchor}, kNow, "ca.pem").value();
}

TEST(FileReport, OfAWholeChainWithItsKeyIsSound) {
  const Said all = said(pki().leaf.pem() + pki().issuing.pem() + pki().root.pem() + key_of("f-leaf"));
  EXPECT_TRUE(all.report.findings.empty()) << all.text();
  EXPECT_EQ(all.report.exit_code(), 0);
  ASSERT_EQ(all.report.pairs.size(), 1U);
  EXPECT_EQ(all.report.pairs[0].key, 3U);
  EXPECT_EQ(all.report.pairs[0].holder, 0U);
  ASSERT_EQ(all.report.chains.size(), 1U);
  EXPECT_EQ(all.report.chains[0].end, FileChain::End::self_signed);
  EXPECT_EQ(all.report.chains[0].certificates.size(), 3U);
}

TEST(FileReport, JudgesByTheCasThatAreNamed) {
  const auto right = bundle(pki().root);
  const Said accepted = said(pki().leaf.pem() + pki().issuing.pem(), &right);
  EXPECT_EQ(accepted.report.exit_code(), 0) << accepted.text();
  EXPECT_EQ(accepted.report.chains.at(0).end, FileChain::End::trusted);

  const Said lone = said(pki().leaf.pem(), &right);
  EXPECT_TRUE(lone.has(Code::client_certificate_incomplete_chain) ||
              lone.has(Code::client_certificate_untrusted_issuer))
      << lone.text();
  EXPECT_EQ(lone.report.exit_code(), 1);

  const auto wrong = bundle(forge().ca("f-other", "Other"));
  const Said refused = said(pki().leaf.pem() + pki().issuing.pem(), &wrong);
  EXPECT_EQ(refused.report.chains.at(0).end, FileChain::End::refused);
  EXPECT_EQ(refused.report.exit_code(), 1);
}

TEST(FileReport, SaysWhereAChainBreaks) {
  const Said order = said(pki().leaf.pem() + pki().root.pem() + pki().issuing.pem());
  EXPECT_TRUE(order.has(Code::client_certificate_chain_order)) << order.text();

  const Said gap = said(pki().leaf.pem() + pki().root.pem());
  EXPECT_TRUE(gap.has(Code::client_certificate_incomplete_chain)) << gap.text();

  const Certificate same_name = forge().ca("f-issuing-2", "Issuing", "f-root");
  const Said forged = said(pki().leaf.pem() + same_name.pem());
  EXPECT_TRUE(forged.has(Code::client_certificate_bad_signature)) << forged.text();

  const Said lone = said(pki().leaf.pem());
  EXPECT_EQ(lone.report.exit_code(), 0) << lone.text();
  EXPECT_EQ(lone.report.notes.size(), 1U);

  const Said bundle_of_cas = said(pki().root.pem() + pki().issuing.pem());
  EXPECT_EQ(bundle_of_cas.report.exit_code(), 0) << bundle_of_cas.text();
}

TEST(FileReport, KnowsTheDates) {
  const auto at = [](std::int64_t days) { return kNow + kDay * days; };
  EXPECT_TRUE(said(pki().leaf.pem(), nullptr, at(400)).has(Code::client_certificate_expired));
  EXPECT_TRUE(said(pki().leaf.pem(), nullptr, at(-40)).has(Code::client_certificate_not_yet_valid));
  EXPECT_TRUE(said(pki().leaf.pem(), nullptr, at(330)).has(Code::client_certificate_expires_soon));
  EXPECT_FALSE(said(pki().leaf.pem(), nullptr, at(300)).has(Code::client_certificate_expires_soon));
  EXPECT_TRUE(said(pki().root.pem(), nullptr, at(400)).has(Code::ca_expired));
}

TEST(FileReport, KnowsWrongUseAndWeakness) {
  const Certificate code = forge().certificate("f-code", "code", "f-root",
                                               R"("basic": {"ca": false}, "usage": ["digital_signature"],
                                                  "eku": ["1.3.6.1.5.5.7.3.3"])");
  EXPECT_TRUE(said(code.pem()).has(Code::client_certificate_wrong_extended_key_usage));
  const Certificate nameless = forge().certificate("f-server", "server", "f-root", Forge::kServer);
  EXPECT_TRUE(said(nameless.pem()).has(Code::lint_san_missing));
  const Certificate weak =
      forge().certificate("f-weak", "weak", "f-root", Forge::with(Forge::kClient, R"("key": "rsa1024")"));
  EXPECT_TRUE(said(weak.pem()).has(Code::client_certificate_weak_key)) << said(weak.pem()).text();
  const Certificate own = forge().certificate("f-self", "self", "", Forge::kClient);
  EXPECT_TRUE(said(own.pem()).has(Code::client_certificate_self_signed)) << said(own.pem()).text();
}

TEST(FileReport, KnowsWhichKeyBelongsToWhat) {
  const Said wrong = said(pki().leaf.pem() + key_of("f-issuing"));
  EXPECT_TRUE(wrong.has(Code::key_mismatch)) << wrong.text();
  const Said second = said(key_of("f-issuing") + pki().leaf.pem() + key_of("f-leaf"));
  EXPECT_TRUE(second.has(Code::key_mismatch)) << second.text();
  const Said surplus = said(key_of("f-leaf") + pki().leaf.pem() + key_of("f-issuing"));
  EXPECT_FALSE(surplus.has(Code::key_mismatch)) << surplus.text();
  EXPECT_FALSE(said(key_of("f-leaf")).has(Code::key_mismatch));
}

TEST(FileReport, NeverShowsAKey) {
  const std::string key = key_of("f-leaf");
  const Said whole = said(pki().leaf.pem() + key);
  const std::string middle = key.substr(key.find('\n') + 1, 40);
  EXPECT_EQ(whole.text().find(middle), std::string::npos);
  EXPECT_EQ(to_json(whole.seen, whole.report, kNow).find(middle), std::string::npos);
  for (std::size_t size = 0; size < key.size(); size += 37) {
    EXPECT_EQ(said(key.substr(0, size)).text().find(middle), std::string::npos);
  }
}

TEST(FileReport, NamesWhatElseAFileIs) {
  EXPECT_TRUE(said("").has(Code::file_empty));
  EXPECT_TRUE(said(" \n").has(Code::file_empty));
  EXPECT_TRUE(said("hello").has(Code::file_unrecognized));
  EXPECT_TRUE(said(std::string("\x00\x01\x02\xff", 4)).has(Code::file_unrecognized));
  EXPECT_TRUE(said(x509::encode_pem("CERTIFICATE REQUEST", pki().leaf.der())).has(Code::pem_malformed));
  EXPECT_TRUE(said(x509::encode_pem("PGP MESSAGE", pki().leaf.der())).has(Code::file_unrecognized));
  EXPECT_TRUE(said(x509::encode_pem("CERTIFICATE", pki().leaf.der().first(100))).has(Code::certificate_malformed));
}

}  // namespace
}  // namespace symbolon::check
