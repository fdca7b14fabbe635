#include "signer/message.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace symbolon::signer {
namespace {

x509::SerialNumber serial(std::string_view hex) { return x509::SerialNumber::parse(hex).value(); }

template <typename T>
T round_trip(const T& message) {
  const auto decoded = decode(encode(message));
  EXPECT_TRUE(decoded) << decoded.error().text();
  return std::get<T>(*decoded);
}

OcspName ocsp_name(std::size_t entries) {
  OcspName out{.issuer = 7,
               .responder = crypto::sha256(as_bytes("key")),
               .this_update = UnixSeconds{1'800'000'000},
               .next_update = UnixSeconds{1'800'604'800},
               .nonce = {},
               .entries = {}};
  for (std::size_t i = 0; i < entries; ++i) {
    out.entries.push_back({i % 2 == 0 ? OcspHash::sha1 : OcspHash::sha256, serial(fmt::format("{:04x}", 0x1000 + i))});
  }
  return out;
}

TEST(SignerMessages, ComeBackAsTheyWere) {
  EXPECT_EQ(round_trip(Hello{}), Hello{});
  const SignRequests requests{{{1, {7, serial("0a1b")}}, {0xffff'ffff'ffff'ffff, {-1, serial("ff00")}}}};
  EXPECT_EQ(round_trip(requests), requests);
  const CrlRequests crls{{{3, {7, 41, 1'800'000'001, UnixSeconds{1'800'000'000}, UnixSeconds{1'800'604'800}}},
                          {4, {-1, 0, 0xffff'ffff'ffff'ffff, UnixSeconds{-1}, UnixSeconds{0}}},
                          {5, {7, 41, 9, UnixSeconds{1}, UnixSeconds{2}, 8, 256, 255}}}};
  EXPECT_EQ(round_trip(crls), crls);
  const Keys keys{{{2, {1, 2, 3}, {4}, true, {5, 6}}, {3, {}, Bytes(kLargestField), false, {}}}};
  EXPECT_EQ(round_trip(keys), keys);
  EXPECT_EQ(round_trip(Keys{}), Keys{});
  const Keys with_heads{{{2, {1}, {4}, false, {}}}, {9, 9, 9}};
  EXPECT_EQ(round_trip(with_heads), with_heads);
  const HeadRequests heads{{{1, revocation::HeadKind::feed}, {0xffff'ffff'ffff'ffff, revocation::HeadKind::audit}}};
  EXPECT_EQ(round_trip(heads), heads);

  const Answers answers =
      round_trip(Answers{{{5, Bytes{9, 8}}, {6, std::unexpected(Error{Code::intent_missing, "line\nand another"})}}});
  ASSERT_EQ(answers.entries.size(), 2U);
  EXPECT_EQ(answers.entries[0].number, 5U);
  EXPECT_EQ(answers.entries[0].signature.value(), (Bytes{9, 8}));
  EXPECT_EQ(answers.entries[1].signature.error().code, Code::intent_missing);
  EXPECT_EQ(answers.entries[1].signature.error().words, "line\nand another");
}

TEST(SignerMessages, OcspResponsesOfAllSizesComeBackAndFitIntoAPacket) {
  OcspName largest = ocsp_name(kMostOcspEntries);
  largest.nonce = Bytes(kMostOcspNonce, 0xff);
  for (OcspName::Entry& entry : largest.entries) {
    entry.serial = x509::SerialNumber::from_magnitude(Bytes(x509::SerialNumber::kMost, 0x7f)).value();
  }
  OcspRequests requests{{{0xffff'ffff'ffff'ffff, ocsp_name(1)}, {0, {.issuer = -1, .entries = {{}}}}}};
  while (requests.entries.size() < kMostInPacket) requests.entries.push_back({5, largest});
  EXPECT_EQ(round_trip(requests), requests);
  EXPECT_LT(encode(requests).size(), kLargestPacket);
}

// One with a single certificate ends with: length and nonce, number of certificates, hash, length and serial.
TEST(SignerMessages, AnOcspResponseIsOfAFewCertificatesAKnownHashAndAShortNonce) {
  OcspName name = ocsp_name(1);
  name.nonce = Bytes(kMostOcspNonce, 0xee);
  const Bytes packet = encode(OcspRequests{{{1, name}}});
  ASSERT_TRUE(decode(packet));
  const std::size_t hash = packet.size() - 4;
  const auto refused = [&](std::size_t at, std::uint8_t value) {
    Bytes changed = packet;
    changed.at(at) = value;
    const auto decoded = decode(changed);
    return !decoded && decoded.error().code == Code::signer_protocol;
  };
  EXPECT_FALSE(refused(hash, 1));
  EXPECT_TRUE(refused(hash, 2));
  EXPECT_TRUE(refused(hash - 1, 0)) << "none";
  EXPECT_TRUE(refused(hash - 1, kMostOcspEntries + 1));
  EXPECT_TRUE(refused(hash + 1, 0)) << "a serial of no octets";
  EXPECT_TRUE(refused(hash + 2, 0)) << "a serial with a leading zero";
  // A longer nonce, and all else in its place behind it.
  Bytes longer = packet;
  const std::size_t length = hash - 2 - kMostOcspNonce - 1;
  ASSERT_EQ(longer.at(length), kMostOcspNonce);
  longer.at(length) = kMostOcspNonce + 1;
  longer.insert(longer.begin() + static_cast<std::ptrdiff_t>(length) + 1, 0xee);
  EXPECT_FALSE(decode(longer));
}

TEST(SignerMessages, AKeyFileIsPlainOrEncrypted) {
  Bytes packet = encode(Keys{{{2, {1, 2, 3}, {4}, true, {}}}});
  const auto flag = std::ranges::find(packet.begin() + 4, packet.end(), 1);  // behind the issuer
  ASSERT_NE(flag, packet.end());
  for (const int value : {2, 255}) {
    *flag = static_cast<std::uint8_t>(value);
    const auto decoded = decode(packet);
    ASSERT_FALSE(decoded) << value;
    EXPECT_EQ(decoded.error().code, Code::signer_protocol);
  }
}

TEST(SignerMessages, AHeadIsOfAChainThatThereIs) {
  Bytes packet = encode(HeadRequests{{{1, revocation::HeadKind::feed}}});
  ASSERT_TRUE(decode(packet));
  packet.back() = 2;
  EXPECT_FALSE(decode(packet));
}

TEST(SignerMessages, AHeadComesBackWithItsSignatureAndCutItIsRefused) {
  const revocation::SignedHead head{.head = {.kind = revocation::HeadKind::feed,
                                             .count = 0x0102'0304'0506'0708,
                                             .hash = crypto::sha256(as_bytes("chain")),
                                             .time = UnixSeconds{1'800'000'000}},
                                    .signature = {0x30, 0x01}};
  const Bytes octets = encode_head(head);
  EXPECT_EQ(decode_head(revocation::HeadKind::feed, octets).value(), head);
  const std::size_t least = octets.size() - head.signature.size();
  for (std::size_t size = 0; size <= least; ++size) {
    const auto cut = decode_head(revocation::HeadKind::feed, ByteView(octets).first(size));
    ASSERT_FALSE(cut) << size;
    EXPECT_EQ(cut.error().code, Code::signer_protocol);
  }
}

TEST(SignerMessages, TheSignatureOfAnOcspResponseComesWithWhatWasSigned) {
  using revocation::OcspStatus;
  const SignedOcsp made{.octets = crypto::sha256(as_bytes("response")),
                        .said = {{OcspStatus::good}, {OcspStatus::revoked, UnixSeconds{-7}, 9}, {OcspStatus::unknown}},
                        .signature = {0x30, 0x01}};
  const Bytes octets = encode_ocsp(made);
  EXPECT_EQ(decode_ocsp(octets).value(), made);
  constexpr std::size_t kCount = 32;  // where it stands, before the first status
  Bytes other = octets;
  other[kCount + 2] = 3;
  EXPECT_EQ(decode_ocsp(other).error().code, Code::signer_protocol) << "a status that there is not";
  other = octets;
  other[kCount + 1] = kMostOcspEntries + 1;
  EXPECT_EQ(decode_ocsp(other).error().code, Code::signer_protocol);
  for (std::size_t size = 0; size <= octets.size() - made.signature.size(); ++size) {
    EXPECT_FALSE(decode_ocsp(ByteView(octets).first(size))) << size;
  }
}

TEST(SignerMessages, WordsThatAreTooLongAreCut) {
  const Answers answers =
      round_trip(Answers{{{1, std::unexpected(Error{Code::crypto_failed, std::string(100'000, 'x')})}}});
  EXPECT_EQ(answers.entries[0].signature.error().code, Code::crypto_failed);
  EXPECT_LE(answers.entries[0].signature.error().words.size(), kLargestField);
}

TEST(SignerMessages, CutAnywhereOrProlongedTheyAreRefused) {
  const Message messages[] = {Hello{},
                              SignRequests{{{1, {7, serial("0a1b")}}}},
                              CrlRequests{{{1, {7, 41, 5, {}, {}}}}},
                              OcspRequests{{{1, ocsp_name(3)}}},
                              HeadRequests{{{1, revocation::HeadKind::feed}}},
                              Keys{{{2, {1, 2, 3}, {4}, true, {5, 6}}}, {7, 8}},
                              Answers{{{5, Bytes{9, 8}}}}};
  for (const Message& message : messages) {
    Bytes packet = encode(message);
    for (std::size_t size = 0; size < packet.size(); ++size) {
      EXPECT_FALSE(decode(ByteView(packet).first(size))) << size;
    }
    packet.push_back(0);
    const auto decoded = decode(packet);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error().code, Code::signer_protocol);
  }
}

}  // namespace
}  // namespace symbolon::signer
