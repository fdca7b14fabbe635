#include "x509/name.h"

#include <gtest/gtest.h>

#include "x509/pem.h"
#include "x509/serial_number.h"

namespace symbolon::x509 {
namespace {

TEST(DistinguishedNames, AreReadAsTheyAreWritten) {
  for (const std::string_view text : {"CN=web,O=Example Corp,C=DE", "CN=a\\,b", "CN=\\ edge\\ ", "CN=Ünï,OU=x", ""}) {
    const auto name = DistinguishedName::parse(text);
    ASSERT_TRUE(name) << text;
    EXPECT_EQ(name->text(), text);
    EXPECT_EQ(DistinguishedName::from_der(name->der())->text(), text);
  }
  const auto name = *DistinguishedName::parse("CN=web,O=Example Corp");
  EXPECT_EQ(name.attributes().front().type, "O");
  EXPECT_EQ(name.common_name(), "web");
  EXPECT_EQ(*DistinguishedName::parse("cn=web,o=Example Corp"), name);
}

// RFC 5280 §7.1.
TEST(DistinguishedNames, AreComparedWithoutCaseAndSurplusBlanks) {
  EXPECT_EQ(*DistinguishedName::parse("CN=Example  Corp"), *DistinguishedName::parse("CN=example corp"));
  EXPECT_FALSE(*DistinguishedName::parse("CN=a,O=b") == *DistinguishedName::parse("CN=b,O=a"));
  EXPECT_FALSE(*DistinguishedName::parse("CN=ab,O=c") == *DistinguishedName::parse("CN=a,O=bc"));
}

TEST(DistinguishedNames, RefuseWhatCannotBeCertified) {
  const std::string nul("CN=a\0b", 6);
  for (const std::string& text :
       {nul, std::string("CN=a\\00b"), std::string("XY=a"), std::string("CN="), std::string("CN"),
        std::string("C=Germany"), "CN=" + std::string(65, 'a'), std::string("CN=a+O=b"), std::string("CN=a,")}) {
    EXPECT_EQ(DistinguishedName::parse(text).error().code, Code::name_malformed) << text;
  }
}

TEST(GeneralNames, GuessTheirKind) {
  const std::pair<std::string_view, std::string_view> cases[] = {{"web.Example", "dns:web.example"},
                                                                 {"*.example.com", "dns:*.example.com"},
                                                                 {"192.0.2.1", "ip:192.0.2.1"},
                                                                 {"2001:DB8::1", "ip:2001:db8::1"},
                                                                 {"Ann@Example.com", "email:Ann@example.com"},
                                                                 {"spiffe://td/a/b", "uri:spiffe://td/a/b"},
                                                                 {"HTTPS://x/y", "uri:https://x/y"},
                                                                 {"dns:localhost", "dns:localhost"},
                                                                 {"uri:urn://x", "uri:urn://x"}};
  for (const auto& [text, expected] : cases) {
    const auto name = GeneralName::parse(text);
    ASSERT_TRUE(name) << text;
    EXPECT_EQ(name->text(), expected);
  }
}

TEST(GeneralNames, RefuseWhatIsNotWellFormed) {
  for (const std::string& text : {std::string(""),
                                  std::string("a..b"),
                                  std::string("-a.b"),
                                  std::string("a_b.c"),
                                  std::string("*.com"),
                                  std::string("a.*.com"),
                                  std::string("w*.example.com"),
                                  std::string("example.com."),
                                  std::string("bücher.example"),
                                  std::string("a\0b.example", 11),
                                  std::string("dns:10.0.0.1"),
                                  std::string("dns:a.123"),
                                  std::string("ip:300.1.1.1"),
                                  std::string("@example.com"),
                                  std::string(".a@example.com"),
                                  std::string("a b@example.com"),
                                  std::string("uri:relative"),
                                  std::string("https://"),
                                  std::string("https://a b"),
                                  std::string("spiffe://TD/a"),
                                  std::string("spiffe://td//a"),
                                  std::string("spiffe://td/../a"),
                                  std::string("spiffe://td/a?b"),
                                  std::string("spiffe://td:1/a"),
                                  std::string(64, 'a') + ".example"}) {
    EXPECT_EQ(GeneralName::parse(text).error().code, Code::name_malformed) << text;
  }
}

// One serial in hexadecimal and in decimal is one serial (step-ca #972).
TEST(SerialNumbers, HaveOneFormInsideAndManyToRead) {
  const auto serial = SerialNumber::parse("0a1B");
  ASSERT_TRUE(serial);
  for (const std::string_view text : {"0x0a1b", "A1B", "0A:1B", "00:0a:1b", "dec:2587"}) {
    ASSERT_TRUE(SerialNumber::parse(text)) << text;
    EXPECT_EQ(*SerialNumber::parse(text), *serial) << text;
  }
  EXPECT_EQ(serial->hex(), "0a1b");
  EXPECT_EQ(serial->decimal(), "2587");
  EXPECT_EQ(SerialNumber::parse("ff")->der_content(), (Bytes{0, 0xff}));
  EXPECT_EQ(SerialNumber().decimal(), "0");
}

TEST(SerialNumbers, RefuseWhatIsTooLongNegativeOrNone) {
  for (const std::string& text : {std::string(""), std::string("xyz"), std::string(42, 'f'), std::string("dec:"),
                                  std::string("dec:1a"), "dec:" + std::string(60, '9'), std::string("-1")}) {
    EXPECT_FALSE(SerialNumber::parse(text)) << text;
  }
  EXPECT_TRUE(SerialNumber::parse(std::string(40, 'f')));
  EXPECT_EQ(SerialNumber::from_der_content(Bytes{0x80}).error().code, Code::certificate_malformed);
}

TEST(Pem, NamesTheLineOfWhatIsBroken) {
  const auto broken = parse_pem("text\n-----BEGIN CERTIFICATE-----\nMA==\n", "ca.pem");
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, Code::pem_malformed);
  EXPECT_EQ(broken.error().where, "ca.pem:2");
  EXPECT_FALSE(parse_pem("-----BEGIN A-----\nMA==\n-----END B-----\n"));
  EXPECT_FALSE(parse_pem("-----BEGIN A-----\n-----BEGIN A-----\n"));
  EXPECT_FALSE(parse_pem("-----BEGIN A-----\n***\n-----END A-----\n"));
  const auto blocks = parse_pem(
      "x\r\n-----BEGIN A-----\r\nMA==\r\n-----END A-----\r\n-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE "
      "KEY-----");
  ASSERT_TRUE(blocks);
  ASSERT_EQ(blocks->size(), 2U);
  EXPECT_EQ(blocks->at(0).der, Bytes{0x30});
  EXPECT_TRUE(blocks->at(1).der.empty());
  EXPECT_EQ(encode_pem("A", Bytes{0x30}), "-----BEGIN A-----\nMA==\n-----END A-----\n");
}

}  // namespace
}  // namespace symbolon::x509
