// Our CRLs, as our reader and OpenSSL read them. (tests/other_programs_take_our_crl.py has other peers.)
#include "revocation/crl_builder.h"

#include <gtest/gtest.h>

#include "crypto/key.h"
#include "revocation/crl_parser.h"
#include "revocation/crl_reader.h"
#include "x509/pem.h"
#include "x509/testing/forge.h"
#include "x509/testing/shell.h"

namespace symbolon::revocation {
namespace {

using x509::SerialNumber;
using x509::testing::Folder;
using x509::testing::kNow;
using x509::testing::must;

SerialNumber serial(std::string_view hex) { return SerialNumber::parse(hex).value(); }

// A CA that openssl made, and its key.
struct Ca {
  Folder folder;
  x509::Certificate certificate = make("ec -pkeyopt ec_paramgen_curve:P-256");
  std::unique_ptr<crypto::Signer> signer =
      crypto::make_signer(crypto::PrivateKey::from_pem(Secret(folder.get("ca.key")), {}).value()).value();

  x509::Certificate make(std::string_view newkey) const {
    must(
        fmt::format("cd {} && openssl req -x509 -newkey {} -nodes -keyout ca.key -out ca.crt -days 36500 "
                    "-subj '/O=Example Corp/CN=Issuing CA' -addext keyUsage=critical,keyCertSign,cRLSign",
                    folder.path().string(), newkey));
    return x509::Certificate::from_pem(folder.get("ca.crt"), "ca.crt").value().front();
  }

  CrlHeading heading() const {
    return {.issuer = certificate.subject(),
            .authority_key_identifier = certificate.subject_key_identifier().value(),
            .number = 1'800'000'001,
            .this_update = kNow,
            .next_update = kNow + kDay * 7};
  }
  CrlBuilder begin() const { return CrlBuilder::begin(heading(), signer->algorithm_identifier()).value(); }
  Bytes sign(ByteView tbs) const {
    return assemble_crl(tbs, signer->algorithm_identifier(), signer->sign(tbs).value());
  }
  std::string text(ByteView der) const {
    return must("openssl crl -noout -text -inform DER -in " + folder.put("crl.der", std::string(as_text(der))));
  }
};

TEST(CrlBuilder, OpensslReadsADeltaCrlAndAPlace) {
  const Ca ca;
  auto heading = ca.heading();
  heading.freshest = "http://a.example/delta.crl";
  std::string text = ca.text(ca.sign(CrlBuilder::begin(heading, ca.signer->algorithm_identifier()).value().finish()));
  EXPECT_NE(text.find("X509v3 Freshest CRL: \n"), std::string::npos) << text;
  EXPECT_NE(text.find("URI:http://a.example/delta.crl"), std::string::npos) << text;
  heading.freshest.clear();
  heading.base = 1'800'000'000;
  heading.distribution_point = "http://a.example/4-1.crl";
  auto builder = CrlBuilder::begin(heading, ca.signer->algorithm_identifier()).value();
  builder.add({serial("0a1b"), kNow - kDay, 8});
  text = ca.text(ca.sign(std::move(builder).finish()));
  EXPECT_NE(text.find("X509v3 Delta CRL Indicator: critical"), std::string::npos) << text;
  EXPECT_NE(text.find("X509v3 Issuing Distribution Point: critical"), std::string::npos) << text;
  EXPECT_NE(text.find("URI:http://a.example/4-1.crl"), std::string::npos) << text;
  EXPECT_NE(text.find("Remove From CRL"), std::string::npos) << text;
}

TEST(CrlBuilder, OurReaderFindsWhatWasPutIn) {
  const Ca ca;
  CrlBuilder builder = ca.begin();
  builder.add({serial("0a1b"), kNow - kDay, 1});
  builder.add({serial("ff00000000000000000000000000000001"), kNow - kHour, 0});
  builder.add({serial("7f0000000000000000000000000000000000ffff"), kNow - kHour, 9});
  builder.add({serial("01"), UnixSeconds{2'600'000'000}, 4});  // after 2049: GeneralizedTime
  builder.add({serial("02"), kNow - kHour, 1, kNow - kDay});
  EXPECT_EQ(builder.entries(), 5U);
  const Bytes der = ca.sign(std::move(builder).finish());
  const auto file = read_crl(der, {ca.certificate}, kNow);
  ASSERT_TRUE(file) << file.error().text();
  EXPECT_EQ(file->this_update, kNow);
  EXPECT_EQ(file->next_update, kNow + kDay * 7);
  EXPECT_EQ(file->number, (Bytes{0x6b, 0x49, 0xd2, 0x01}));
  EXPECT_TRUE(file->coverage.whole());
  EXPECT_EQ(file->impossible, 0U);
  EXPECT_EQ(file->entries.size(), 5U);
  EXPECT_EQ(file->entries.find(serial("02")), kNow - kHour);
  EXPECT_EQ(file->entries.find(serial("0a1b")), kNow - kDay);
  EXPECT_EQ(file->entries.find(serial("ff00000000000000000000000000000001")), kNow - kHour);
  EXPECT_EQ(file->entries.find(serial("01")), UnixSeconds{2'600'000'000});
  const auto syntax = parse_crl(der);
  ASSERT_TRUE(syntax);
  EXPECT_EQ(syntax->version, 2);
  EXPECT_EQ(syntax->authority_key_id, ca.certificate.subject_key_identifier());
}

// OpenSSL writes what it read as DER again: the octets are the same, so ours are DER as it knows it.
TEST(CrlBuilder, OpensslReadsTheSameAndWritesTheSameOctets) {
  const Ca ca;
  CrlBuilder builder = ca.begin();
  builder.add({serial("0a1b"), kNow - kDay, 1});
  builder.add({serial("8000"), kNow, 0});
  builder.add({serial("8001"), kNow, 0, kNow - kDay * 2});
  builder.add({serial("7f0000000000000000000000000000000000ffff"), UnixSeconds{2'600'000'000}, 9, kNow - kDay * 3});
  const Bytes der = ca.sign(std::move(builder).finish());
  const std::string text = ca.text(der);
  for (const std::string_view expected :
       {"Version 2 (0x1)", "X509v3 Authority Key Identifier", "Key Compromise", "Serial Number: 0A1B",
        "Serial Number: 8000", "Invalidity Date", "Jan 13 08:00:00 2027 GMT", "Jan 12 08:00:00 2027 GMT",
        "Last Update: Jan 15 08:00:00 2027 GMT", "Next Update: Jan 22 08:00:00 2027 GMT"}) {
    EXPECT_NE(text.find(expected), std::string::npos) << expected << "\n" << text;
  }
  EXPECT_EQ(text.find("critical"), std::string::npos) << text;
  const std::string folder = ca.folder.path().string();
  must(
      fmt::format("cd {0} && openssl crl -inform DER -in crl.der -outform DER -out again.der && cmp crl.der again.der "
                  "&& openssl crl -inform DER -in crl.der -noout -verify -CAfile ca.crt",
                  folder));
}

TEST(CrlBuilder, WithoutEntriesThereIsNoList) {
  const Ca ca;
  const Bytes der = ca.sign(ca.begin().finish());
  EXPECT_NE(ca.text(der).find("No Revoked Certificates"), std::string::npos);
  ViewSource source(der);
  CrlStream stream(source);
  ASSERT_TRUE(stream.head());
  EXPECT_EQ(stream.entries_octets(), 0U);
  EXPECT_TRUE(read_crl(der, {ca.certificate}, kNow));
}

TEST(CrlBuilder, TheSameFactsGiveTheSameOctets) {
  const Ca ca;
  const auto build = [&] {
    CrlBuilder builder = ca.begin();
    for (int i = 1; i < 100; ++i) {
      builder.add({serial(fmt::format("{:04x}", i)), kNow - Seconds{i / 7}, static_cast<std::uint8_t>(i % 6)});
    }
    return std::move(builder).finish();
  };
  EXPECT_EQ(build(), build());
}

TEST(CrlBuilder, DatesThatNoEncodingHasAreRefused) {
  const Ca ca;
  CrlHeading heading = ca.heading();
  heading.next_update = heading.this_update - Seconds{1};
  EXPECT_EQ(CrlBuilder::begin(heading, ca.signer->algorithm_identifier()).error().code, Code::bad_request);
  heading.next_update = UnixSeconds{300'000'000'000};
  EXPECT_EQ(CrlBuilder::begin(heading, ca.signer->algorithm_identifier()).error().code, Code::bad_request);
}

TEST(CrlBuilder, AMillionEntriesAreReadBack) {
  const Ca ca;
  CrlBuilder builder = ca.begin();
  constexpr std::uint32_t kMany = 1'000'000;
  for (std::uint32_t i = 0; i < kMany; ++i) {
    Bytes magnitude(16, 0x5a);
    for (unsigned octet = 0; octet < 4; ++octet) magnitude[1 + octet] = static_cast<std::uint8_t>(i >> 8 * octet);
    builder.add({SerialNumber::from_magnitude(magnitude).value(), kNow - Seconds{i}, static_cast<std::uint8_t>(i % 2)});
  }
  const Bytes der = ca.sign(std::move(builder).finish());
  const auto file = read_crl(der, {ca.certificate}, kNow);
  ASSERT_TRUE(file) << file.error().text();
  EXPECT_EQ(file->entries.size(), kMany);
}

}  // namespace
}  // namespace symbolon::revocation
