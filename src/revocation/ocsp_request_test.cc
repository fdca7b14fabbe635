#include "revocation/ocsp_request.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "revocation/testing/ocsp_peer.h"
#include "x509/der_reader.h"
#include "x509/der_writer.h"

namespace symbolon::revocation {
namespace {

namespace der = x509::der;
using namespace testing;

std::string verdict(ByteView octets) {
  const auto request = parse_ocsp_request(octets);
  return request ? "good" : std::string(name(request.error().code));
}

Bytes sequence(std::initializer_list<ByteView> parts) { return der::element(der::tag::sequence, parts); }
Bytes octet_string(ByteView content) { return der::element(der::tag::octet_string, content); }

// A request for one serial (content of the INTEGER) with `front` before and `behind` after the list.
Bytes request_with(ByteView serial, ByteView front = {}, ByteView behind = {}, ByteView algorithm_rest = {}) {
  const Bytes sha1 = der::object_identifier("1.3.14.3.2.26");
  const Bytes algorithm = sequence({sha1, algorithm_rest});
  const Bytes hash = octet_string(Bytes(20, 7));
  const Bytes number = der::integer(serial);
  const Bytes id = sequence({algorithm, hash, hash, number});
  const Bytes list = sequence({sequence({id})});
  return sequence({sequence({front, list, behind})});
}

std::string with_extension(const char* oid, bool critical, std::string_view hex) {
  const Request request = request_for({});
  OCSP_REQUEST_add_ext(request.get(), extension(oid, critical, hex).get(), -1);
  return verdict(octets_of(request));
}
constexpr const char* kNonce = "1.3.6.1.5.5.7.48.1.2";

TEST(OcspRequest, ReadsWhatOpensslAsks) {
  const Bytes octets =
      octets_of(request_for({.digests = {EVP_sha1(), EVP_sha256(), EVP_sha384()}, .nonce = Bytes(32, 9)}));
  const auto request = parse_ocsp_request(octets);
  ASSERT_TRUE(request) << request.error().text();
  ASSERT_EQ(request->requests.size(), 3U);
  const CertIdHash kinds[] = {CertIdHash::sha1, CertIdHash::sha256, CertIdHash::other};
  const EVP_MD* digests[] = {EVP_sha1(), EVP_sha256(), EVP_sha384()};
  for (std::size_t i = 0; i < 3; ++i) {
    const CertId& id = request->requests[i];
    const Id theirs = id_of(pki().leaf, pki().ca, digests[i]);
    EXPECT_EQ(id.hash, kinds[i]);
    EXPECT_EQ(to_bytes(id.der), encoded<i2d_OCSP_CERTID>(theirs.get()));
    EXPECT_EQ(id.issuer_name_hash.size(), static_cast<std::size_t>(EVP_MD_get_size(digests[i])));
    EXPECT_EQ(id.issuer_key_hash.size(), id.issuer_name_hash.size());
    EXPECT_EQ(id.serial, pki().leaf.serial());
  }
  ASSERT_TRUE(request->nonce);
  EXPECT_EQ(to_bytes(*request->nonce), Bytes(32, 9));
}

TEST(OcspRequest, IsWrittenAsOpensslDoes) {
  for (const EVP_MD* digest : {EVP_sha1(), EVP_sha256()}) {
    const Id id = id_of(pki().leaf, pki().ca, digest);
    EXPECT_EQ(make_ocsp_request(encoded<i2d_OCSP_CERTID>(id.get())), octets_of(request_for({.digests = {digest}})));
  }
}

// RFC 9654 §2.1: 1 to 128 octets.
TEST(OcspRequest, TakesNoncesOf1To128Octets) {
  for (const std::size_t size : {1U, 2U, 127U, 128U, 129U, 256U}) {
    const Bytes octets = octets_of(request_for({.nonce = Bytes(size, 5)}));
    const auto request = parse_ocsp_request(octets);
    EXPECT_EQ(request.has_value(), size <= 128) << size;
    if (request) {
      EXPECT_EQ(request->nonce->size(), size);
    } else {
      EXPECT_EQ(request.error().code, Code::bad_request);
    }
  }
  EXPECT_EQ(with_extension(kNonce, false, "0400"), "bad_request");
  EXPECT_EQ(with_extension(kNonce, false, "040107"), "good");
  EXPECT_EQ(with_extension(kNonce, true, "040107"), "good");
  EXPECT_EQ(with_extension(kNonce, false, "07"), "bad_request");  // as RFC 2560 could be read: not wrapped
  const Bytes without = octets_of(request_for({}));
  EXPECT_FALSE(parse_ocsp_request(without)->nonce);
}

TEST(OcspRequest, TakesOneNonceOnly) {
  const Request request = request_for({.nonce = Bytes(16, 5)});
  OCSP_REQUEST_add_ext(request.get(), extension(kNonce, false, "040107").get(), -1);
  EXPECT_EQ(verdict(octets_of(request)), "bad_request");
}

TEST(OcspRequest, TakesUpTo100Requests) {
  for (const std::size_t count : {1U, 2U, 100U, 101U}) {
    const Bytes octets = octets_of(request_for({.digests = std::vector<const EVP_MD*>(count, EVP_sha512())}));
    const auto request = parse_ocsp_request(octets);
    EXPECT_EQ(request.has_value(), count <= 100) << count;
    EXPECT_EQ(request ? request->requests.size() : 0, count <= 100 ? count : 0);
  }
  EXPECT_EQ(verdict(octets_of(request_for({.digests = {}}))), "bad_request");
}

TEST(OcspRequest, TakesUpTo32KiB) {
  const auto padded = [](std::size_t size) {
    const Request request = request_for({});
    OCSP_REQUEST_add_ext(request.get(), extension("1.2.3.4", false, std::string(size * 2, 'a')).get(), -1);
    return verdict(octets_of(request));
  };
  EXPECT_EQ(padded(kMostOcspRequestOctets - 500), "good");
  EXPECT_EQ(padded(kMostOcspRequestOctets), "too_large");
}

// RFC 6960 §4.1.1: CertificateSerialNumber is any INTEGER; no certificate has one of these.
TEST(OcspRequest, ASerialThatNoCertificateCanHaveIsKeptAsNone) {
  const auto serial = [](std::string_view hex) {
    const Bytes octets = request_with(*from_hex(hex));
    const auto request = parse_ocsp_request(octets);
    if (!request) return std::string(name(request.error().code));
    const auto& number = request->requests.front().serial;
    return number ? number->hex() : "none";
  };
  EXPECT_EQ(serial("00"), "00");
  EXPECT_EQ(serial("7f"), "7f");
  EXPECT_EQ(serial("0080"), "80");
  EXPECT_EQ(serial("80"), "none");
  EXPECT_EQ(serial("ff7f"), "none");
  EXPECT_EQ(serial(std::string(40, '7')), std::string(40, '7'));
  EXPECT_EQ(serial("00" + std::string(40, 'f')), std::string(40, 'f'));
  EXPECT_EQ(serial(std::string(42, '7')), "none");
  EXPECT_EQ(serial(std::string(2000, '7')), "none");
  EXPECT_EQ(serial(""), "bad_request");      // not an INTEGER
  EXPECT_EQ(serial("0001"), "bad_request");  // not the shortest
  EXPECT_EQ(serial("ff80"), "bad_request");
}

TEST(OcspRequest, RefusesCriticalExtensionsThatItDoesNotKnow) {
  EXPECT_EQ(with_extension("1.2.3.4", false, "0500"), "good");
  EXPECT_EQ(with_extension("1.2.3.4", true, "0500"), "bad_request");
  for (const bool critical : {false, true}) {
    const Request request = request_for({});
    OCSP_ONEREQ_add_ext(OCSP_request_onereq_get0(request.get(), 0),
                        extension("1.3.6.1.5.5.7.48.1.7", critical, "3000").get(), -1);  // serviceLocator
    EXPECT_EQ(verdict(octets_of(request)), critical ? "bad_request" : "good");
  }
}

// RFC 6960 §4.1.2: a signature may be there; nothing here asks who the requestor is.
TEST(OcspRequest, PassesOverTheRequestorAndItsSignature) {
  const Request request = request_for({.nonce = Bytes(16, 1)});
  const auto key = crypto::PrivateKey::from_pem(Secret(pem_key("ocsp-leaf")), {}).value();
  ASSERT_EQ(OCSP_request_sign(request.get(), pki().leaf.get(), key.get(), EVP_sha256(), nullptr, 0), 1);
  const Bytes octets = octets_of(request);
  EXPECT_EQ(verdict(octets), "good");
  Bytes changed = octets;
  changed.back() ^= 1;  // within the certificate behind the signature
  EXPECT_EQ(verdict(changed), "good");
}

TEST(OcspRequest, KnowsVersion1Only) {
  const Bytes serial{5};
  EXPECT_EQ(verdict(request_with(serial)), "good");
  EXPECT_EQ(verdict(request_with(serial, *from_hex("a003020100"))), "good");  // a default that DER leaves out
  EXPECT_EQ(verdict(request_with(serial, *from_hex("a003020101"))), "bad_request");
  EXPECT_EQ(verdict(request_with(serial, *from_hex("a00402020000"))), "bad_request");
  EXPECT_EQ(verdict(request_with(serial, {}, *from_hex("0500"))), "bad_request");
}

TEST(OcspRequest, TheHashMayComeWithOrWithoutNull) {
  const auto kind = [](std::string_view rest) {
    const Bytes octets = request_with(Bytes{5}, {}, {}, *from_hex(rest));
    return parse_ocsp_request(octets).value().requests.front().hash;
  };
  EXPECT_EQ(kind(""), CertIdHash::sha1);
  EXPECT_EQ(kind("0500"), CertIdHash::sha1);
  EXPECT_EQ(kind("3000"), CertIdHash::other);
  EXPECT_EQ(kind("05000500"), CertIdHash::other);
  // What will be echoed is DER throughout.
  EXPECT_EQ(verdict(request_with(Bytes{5}, {}, {}, *from_hex("3003020500"))), "bad_request");
}

TEST(OcspRequest, SaysTheOctet) {
  Bytes octets = request_with(Bytes{5});
  octets[8] = 0x31;  // SEQUENCE four times, then that of the hash algorithm
  const auto request = parse_ocsp_request(octets);
  ASSERT_FALSE(request);
  EXPECT_TRUE(request.error().words.starts_with("octet 8:")) << request.error().words;
}

TEST(OcspRequest, EveryTruncationIsAnError) {
  const Bytes octets = octets_of(request_for({.digests = {EVP_sha1(), EVP_sha256()}, .nonce = Bytes(16, 1)}));
  ASSERT_EQ(verdict(octets), "good");
  for (std::size_t size = 0; size < octets.size(); ++size) {
    EXPECT_EQ(verdict(ByteView(octets).first(size)), "bad_request") << size;
  }
  Bytes longer = octets;
  longer.push_back(0);
  EXPECT_EQ(verdict(longer), "bad_request");
}

TEST(OcspRequest, EveryChangeOfOneOctetIsReadOrRefused) {
  const Bytes octets = octets_of(request_for({.digests = {EVP_sha1(), EVP_sha256()}, .nonce = Bytes(16, 1)}));
  std::size_t good = 0;
  for (std::size_t at = 0; at < octets.size(); ++at) {
    for (unsigned value = 0; value < 256; ++value) {
      Bytes changed = octets;
      changed[at] = static_cast<std::uint8_t>(value);
      const auto request = parse_ocsp_request(changed);
      if (request) ++good;
      EXPECT_TRUE(request || request.error().code == Code::bad_request);
    }
  }
  EXPECT_GT(good, 100U * 256U);  // a change within a hash or the nonce is another request
}

// RFC 6960 §A.1.
TEST(OcspGetPath, GivesBackTheOctets) {
  for (std::size_t size = 1; size < 40; ++size) {
    Bytes octets(size);
    for (std::size_t i = 0; i < size; ++i) octets[i] = static_cast<std::uint8_t>(0x30 + 0x4f * i);
    const std::string plain = to_base64(octets);
    std::string escaped;
    std::string every;
    for (const char c : plain) {
      escaped += c == '+' ? "%2B" : c == '/' ? "%2f" : c == '=' ? "%3D" : std::string(1, c);
      every += fmt::format("%{:02x}", c);
    }
    std::string blank = plain;
    std::ranges::replace(blank, '+', ' ');
    for (const std::string& path :
         {plain, escaped, every, blank, "/" + plain, "//" + escaped, "%2F" + plain, plain.substr(0, plain.find('='))}) {
      const auto read = parse_get_path(path);
      ASSERT_TRUE(read) << path;
      EXPECT_EQ(*read, octets) << path;
    }
  }
}

TEST(OcspGetPath, RefusesWhatIsNotBase64) {
  for (const std::string_view path : {"", "/", "M", "MA=", "MA===", "MA=A", "MB==", "M-==", "M_==", "MA==?x", "MA%",
                                      "MA%3", "MA%3g", "MA%%", "MA%00", "MA%0a", "MA\n", "MA.."}) {
    const auto read = parse_get_path(path);
    ASSERT_FALSE(read) << path;
    EXPECT_EQ(read.error().code, Code::bad_request) << path;
  }
  EXPECT_TRUE(parse_get_path(std::string(kMostOcspGetPath, 'M')));
  EXPECT_EQ(parse_get_path(std::string(kMostOcspGetPath + 1, 'M')).error().code, Code::too_large);
}

TEST(OcspGetPath, ReadsWhatOpensslAsks) {
  const Bytes octets = octets_of(request_for({.nonce = Bytes(32, 0xfb)}));
  const auto read = parse_get_path("/" + to_base64(octets));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, octets);
  EXPECT_TRUE(parse_ocsp_request(*read));
}

}  // namespace
}  // namespace symbolon::revocation
