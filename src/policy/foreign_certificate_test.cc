// Rules against certificates that the openssl command line made: what it says of them must match, and nothing near it.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "policy/access_policy.h"
#include "x509/certificate.h"

namespace symbolon::policy {
namespace {

// The standard output of a shell command, without the line feed at its end.
std::string run(const std::string& command) {
  std::FILE* pipe = popen(command.c_str(), "r");
  std::string out;
  std::array<char, 4096> buffer{};
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe)) out.append(buffer.data(), got);
  EXPECT_EQ(pclose(pipe), 0) << command;
  while (out.ends_with('\n')) out.pop_back();
  return out;
}

class ForeignCertificate : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = run("mktemp -d");
    run("cd " + folder_ +
        " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -out c.pem -days 30"
        " -set_serial 0x0A1B2C3D -subj '/O=Example Corp/OU=Sales/OU=EU/CN=Ann Example' -addext"
        " 'subjectAltName=DNS:Web.Example.com,URI:spiffe://example.com/billing/web,email:ann@Example.com,IP:192.0.2.7,"
        "IP:2001:db8::7' 2>/dev/null");
    const auto pem = read_file(folder_ + "/c.pem");
    ASSERT_TRUE(pem);
    const auto certificates = x509::Certificate::from_pem(*pem);
    ASSERT_TRUE(certificates);
    identity_ = x509::identity_of(certificates->at(0));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string openssl(const std::string& rest) { return run("cd " + folder_ + " && openssl " + rest); }
  bool matches(RuleKey key, const std::string& pattern) {
    const auto rule = Rule::make({{key, pattern}});
    EXPECT_TRUE(rule) << pattern;
    return rule && rule->matches(identity_);
  }

  std::string folder_;
  x509::Identity identity_{};
};

TEST_F(ForeignCertificate, DigestsAndSerialAreThoseThatOpensslPrints) {
  const std::string fingerprint = openssl("x509 -in c.pem -noout -fingerprint -sha256 | cut -d= -f2");
  EXPECT_TRUE(matches(RuleKey::fingerprint, fingerprint));
  const std::string serial = openssl("x509 -in c.pem -noout -serial | cut -d= -f2");
  EXPECT_TRUE(matches(RuleKey::serial, serial));
  const std::string pin = openssl(
      "x509 -in c.pem -noout -pubkey | openssl pkey -pubin -outform DER |"
      " openssl dgst -sha256 -binary | base64");
  EXPECT_TRUE(matches(RuleKey::spki, "sha256/" + pin));
  EXPECT_FALSE(matches(RuleKey::spki, fingerprint));
  const std::string issuer = openssl("x509 -in c.pem -noout -issuer -nameopt rfc2253 | cut -d= -f2-");
  EXPECT_TRUE(matches(RuleKey::issuer, issuer));
  EXPECT_FALSE(matches(RuleKey::issuer, "CN=Ann Example"));
}

TEST_F(ForeignCertificate, NamesMatchUnderTheirKeyOnly) {
  EXPECT_TRUE(matches(RuleKey::dns, "web.example.com"));
  EXPECT_TRUE(matches(RuleKey::dns, "*.example.com"));
  EXPECT_TRUE(matches(RuleKey::uri, "spiffe://example.com/billing/*"));
  EXPECT_TRUE(matches(RuleKey::email, "ann@example.com"));
  EXPECT_TRUE(matches(RuleKey::ip, "192.0.2.0/24"));
  EXPECT_TRUE(matches(RuleKey::ip, "2001:db8::7"));
  EXPECT_TRUE(matches(RuleKey::cn, "Ann*"));
  EXPECT_TRUE(matches(RuleKey::ou, "Sales"));
  EXPECT_TRUE(matches(RuleKey::ou, "EU"));
  EXPECT_TRUE(matches(RuleKey::o, "Example Corp"));
  EXPECT_FALSE(matches(RuleKey::cn, "Example Corp"));
  EXPECT_FALSE(matches(RuleKey::o, "Sales"));
  EXPECT_FALSE(matches(RuleKey::dns, "example.com"));
  EXPECT_FALSE(matches(RuleKey::profile, "*"));
}

}  // namespace
}  // namespace symbolon::policy
