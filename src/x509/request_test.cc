// Requests made by the openssl command line and by python3-cryptography.
#include "x509/request.h"

#include <gtest/gtest.h>

#include "x509/certificate.h"
#include "x509/pem.h"
#include "x509/testing/shell.h"

namespace symbolon::x509 {
namespace {

using testing::Folder;
using testing::kNameStyle;
using testing::must;

Code code_of(const Result<CertificateRequest>& result) { return result ? Code::usage : result.error().code; }

std::string openssl_request(const Folder& folder, std::string_view newkey, std::string_view rest) {
  must(fmt::format("cd {} && openssl req -new -newkey {} -nodes -keyout key.pem -out r.pem {}", folder.path().string(),
                   newkey, rest));
  return folder.get("r.pem");
}

constexpr std::string_view kP256 = "ec -pkeyopt ec_paramgen_curve:P-256";

// A request built by python: `builder` is what follows CertificateSigningRequestBuilder().
std::string python_request(const Folder& folder, std::string_view builder) {
  const std::string script = folder.put("make.py", fmt::format(R"(
import sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID, ObjectIdentifier
key = ec.generate_private_key(ec.SECP256R1())
request = (x509.CertificateSigningRequestBuilder(){}
.sign(key, hashes.SHA256()))
open(sys.argv[1], "wb").write(request.public_bytes(serialization.Encoding.DER))
)",
                                                               builder));
  must(fmt::format("/usr/bin/python3 -W ignore {} {}", script, folder / "r.der"));
  return folder.get("r.der");
}

TEST(Request, ProvesNothingWithAWeakDigest) {
  const Folder folder;
  const std::string pss = " -sigopt rsa_padding_mode:pss";
  for (const std::string& options : {std::string("-sha1"), std::string("-md5"), "-sha1" + pss}) {
    const auto request =
        CertificateRequest::from_file_content(openssl_request(folder, "rsa:2048", "-subj /CN=a " + options));
    EXPECT_EQ(code_of(request), Code::request_weak_signature) << options;
  }
  EXPECT_EQ(code_of(CertificateRequest::from_file_content(openssl_request(folder, kP256, "-subj /CN=a -sha1"))),
            Code::request_weak_signature);
  for (const std::string& options : {std::string("-sha256"), "-sha256" + pss}) {
    EXPECT_TRUE(CertificateRequest::from_file_content(openssl_request(folder, "rsa:2048", "-subj /CN=a " + options)))
        << options;
  }
}

TEST(Request, HoldsWhatOpensslWrote) {
  const Folder folder;
  const auto request = CertificateRequest::from_file_content(openssl_request(
      folder, kP256,
      "-subj '/O=Example/CN=pump-17' -addext 'subjectAltName=DNS:pump.example,IP:192.0.2.7,email:a@b.example,"
      "URI:spiffe://example/pump' -addext keyUsage=critical,digitalSignature,keyEncipherment "
      "-addext extendedKeyUsage=clientAuth -addext basicConstraints=CA:FALSE"));
  ASSERT_TRUE(request) << request.error().text();
  EXPECT_EQ(request->subject().text(), "CN=pump-17,O=Example");
  EXPECT_EQ(text(request->subject_alt_names()),
            "dns:pump.example, ip:192.0.2.7, email:a@b.example, uri:spiffe://example/pump");
  EXPECT_EQ(request->key_usage(), digital_signature | key_encipherment);
  EXPECT_EQ(request->extended_key_usage(), std::vector<std::string>{std::string(eku::kClientAuth)});
  EXPECT_FALSE(request->asks_to_be_ca());
  ASSERT_EQ(request->extensions().size(), 4U);
  EXPECT_TRUE(request->extensions()[1].critical);
  EXPECT_EQ(request->public_key().type(), crypto::KeyType::p256);
  // PEM and DER are the same request.
  EXPECT_EQ(request->pem(), folder.get("r.pem"));
  EXPECT_TRUE(CertificateRequest::from_der(request->der()));
}

TEST(Request, ComesWithEveryKindOfKey) {
  const Folder folder;
  for (const std::string_view kind : {kP256, std::string_view("ec -pkeyopt ec_paramgen_curve:P-384"),
                                      std::string_view("ed25519"), std::string_view("rsa:2048")}) {
    const auto request = CertificateRequest::from_file_content(openssl_request(folder, kind, "-subj /CN=x"));
    EXPECT_TRUE(request) << kind << ": " << request.error().text();
  }
}

TEST(Request, MayBeWithoutSubjectAndAttributes) {
  const Folder folder;
  const auto request = CertificateRequest::from_file_content(openssl_request(folder, kP256, "-subj /"));
  ASSERT_TRUE(request) << request.error().text();
  EXPECT_TRUE(request->subject().empty());
  EXPECT_TRUE(request->extensions().empty());
}

TEST(Request, AsksToBeACa) {
  const Folder folder;
  const auto request = CertificateRequest::from_file_content(
      openssl_request(folder, kP256, "-subj /CN=x -addext basicConstraints=critical,CA:TRUE"));
  ASSERT_TRUE(request);
  EXPECT_TRUE(request->asks_to_be_ca());
}

TEST(Request, IsRefusedWithASignatureThatDoesNotFit) {
  const Folder folder;
  const auto good = CertificateRequest::from_file_content(openssl_request(folder, kP256, "-subj /CN=pump"));
  ASSERT_TRUE(good);
  // RFC 2986 §4.2: the signature is over certificationRequestInfo; change a letter of the subject in it.
  Bytes changed = to_bytes(good->der());
  const std::string_view text = as_text(changed);
  changed[text.find("pump")] = 'P';
  EXPECT_EQ(code_of(CertificateRequest::from_der(changed)), Code::request_bad_signature);
  changed = to_bytes(good->der());
  changed.back() ^= 1U;
  EXPECT_EQ(code_of(CertificateRequest::from_der(changed)), Code::request_bad_signature);
}

TEST(Request, IsRefusedWithTheKeyOfAnother) {
  const Folder folder;
  const auto one = CertificateRequest::from_file_content(openssl_request(folder, kP256, "-subj /CN=a"));
  const auto other = CertificateRequest::from_file_content(openssl_request(folder, kP256, "-subj /CN=a"));
  ASSERT_TRUE(one && other);
  Bytes mixed = to_bytes(one->der());
  const ByteView mine = one->public_key().spki();
  const ByteView theirs = other->public_key().spki();
  const auto at = as_text(mixed).find(as_text(mine));
  ASSERT_NE(at, std::string::npos);
  std::copy(theirs.begin(), theirs.end(), mixed.begin() + static_cast<std::ptrdiff_t>(at));
  EXPECT_EQ(code_of(CertificateRequest::from_der(mixed)), Code::request_bad_signature);
}

TEST(Request, IsRefusedInWholeWhenCutAnywhere) {
  const Folder folder;
  const auto good = CertificateRequest::from_file_content(
      openssl_request(folder, kP256, "-subj /CN=pump -addext subjectAltName=DNS:a.example"));
  ASSERT_TRUE(good);
  for (std::size_t size = 0; size < good->der().size(); ++size) {
    EXPECT_EQ(code_of(CertificateRequest::from_der(good->der().first(size))), Code::request_malformed) << size;
  }
  Bytes longer = to_bytes(good->der());
  longer.push_back(0);
  EXPECT_EQ(code_of(CertificateRequest::from_der(longer)), Code::request_malformed);
}

TEST(Request, StandsAloneInItsFile) {
  const Folder folder;
  const std::string pem = openssl_request(folder, kP256, "-subj /CN=x");
  EXPECT_EQ(code_of(CertificateRequest::from_file_content(pem + pem)), Code::request_malformed);
  EXPECT_EQ(code_of(CertificateRequest::from_file_content(folder.get("key.pem"))), Code::request_malformed);
  EXPECT_EQ(code_of(CertificateRequest::from_file_content("")), Code::request_malformed);
  const auto placed = CertificateRequest::from_file_content("nonsense", "x.csr");
  ASSERT_FALSE(placed);
  EXPECT_EQ(placed.error().where, "x.csr");
  std::string old = pem;
  for (const char* const edge : {"BEGIN ", "END "}) old.insert(old.find(edge) + std::strlen(edge), "NEW ");
  EXPECT_TRUE(CertificateRequest::from_file_content(old));
}

TEST(Request, NamesComeAsTheyStandNulIncluded) {
  const Folder folder;
  const std::string der = python_request(folder, R"(.subject_name(x509.Name([
    x509.NameAttribute(NameOID.COMMON_NAME, "good.example\0.evil.example", _type=_ASN1Type.UTF8String)
]))
.add_extension(x509.SubjectAlternativeName([x509.DNSName("good.example\0.evil.example")]), critical=False))");
  const auto request = CertificateRequest::from_file_content(der);
  ASSERT_TRUE(request) << request.error().text();
  const std::string expected("good.example\0.evil.example", 26);
  EXPECT_EQ(request->subject().common_name(), expected);
  ASSERT_EQ(request->subject_alt_names().size(), 1U);
  EXPECT_EQ(request->subject_alt_names()[0].value, expected);
}

TEST(Request, ReadsEveryStringTypeOfNames) {
  const Folder folder;
  for (const char* const type :
       {"PrintableString", "T61String", "IA5String", "UTF8String", "UniversalString", "BMPString"}) {
    const std::string der = python_request(folder, fmt::format(R"(.subject_name(x509.Name([
    x509.NameAttribute(NameOID.COMMON_NAME, "pump 17", _type=_ASN1Type.{})])))",
                                                               type));
    const auto request = CertificateRequest::from_file_content(der);
    if (request) {
      const auto name = request->subject().common_name();
      // python writes UTF-8 octets whatever the type; types of wider characters may refuse or show other text.
      EXPECT_TRUE(name.has_value()) << type;
    } else {
      EXPECT_EQ(request.error().code, Code::request_malformed) << type;
    }
  }
}

TEST(MakeRequest, IsReadByOpenssl) {
  const Folder folder;
  for (const crypto::KeyType type :
       {crypto::KeyType::p256, crypto::KeyType::p384, crypto::KeyType::ed25519, crypto::KeyType::rsa2048}) {
    const auto key = crypto::PrivateKey::generate(type);
    ASSERT_TRUE(key);
    const auto request = make_request(
        *key, *DistinguishedName::parse("CN=web,O=Example"),
        {*GeneralName::dns("web.example"), *GeneralName::ip("2001:db8::1"), *GeneralName::uri("spiffe://example/web")});
    ASSERT_TRUE(request) << request.error().text();
    const std::string text = must(
        fmt::format("openssl req -verify -noout -text {} -in {}", kNameStyle, folder.put("r.pem", request->pem())));
    EXPECT_NE(text.find("verify OK"), std::string::npos) << text;
    EXPECT_NE(text.find("DNS:web.example, IP Address:2001:DB8:0:0:0:0:0:1, URI:spiffe://example/web"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("Subject: O=Example, CN=web"), std::string::npos) << text;
  }
  const auto bare = make_request(*crypto::PrivateKey::generate(crypto::KeyType::p256), {}, {});
  ASSERT_TRUE(bare) << bare.error().text();
  must(fmt::format("openssl req -verify -noout -in {}", folder.put("r.pem", bare->pem())));
}

}  // namespace
}  // namespace symbolon::x509
