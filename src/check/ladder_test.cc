#include "check/ladder.h"

#include <gtest/gtest.h>

#include "check/ladder_text.h"
#include "check/wrapped.h"

namespace symbolon::check {
namespace {

using tls::ProbeDirection;
using tls::ProbeEnd;
using tls::Transcript;

constexpr auto kSent = ProbeDirection::sent;
constexpr auto kReceived = ProbeDirection::received;
constexpr std::uint8_t kAlert = 21;
constexpr std::uint8_t kHandshake = 22;

void pass(Transcript& tls, ProbeDirection direction, int type, std::uint8_t content = kHandshake) {
  tls.messages.push_back({direction, content, static_cast<std::uint8_t>(type), 100,
                          std::chrono::microseconds(1500 * tls.messages.size())});
}

// A mutual handshake of TLS 1.3 whose server wants another group, and is then silent.
Transcript handshake13() {
  Transcript tls;
  tls.version = "TLSv1.3";
  tls.cipher = "TLS_AES_256_GCM_SHA384";
  tls.finished = true;
  tls.end = ProbeEnd::silence;
  tls.certificate_requested = true;
  pass(tls, kSent, 1);
  pass(tls, kReceived, 2);
  tls.messages.back().retry = true;
  pass(tls, kReceived, 0, 20);
  pass(tls, kSent, 0, 20);
  pass(tls, kSent, 1);
  for (const int type : {2, 8, 13, 11, 15, 20}) pass(tls, kReceived, type);
  for (const int type : {11, 20}) pass(tls, kSent, type);
  pass(tls, kReceived, 4);
  return tls;
}

std::vector<std::string> names(const std::vector<Rung>& rungs) {
  std::vector<std::string> out;
  for (const Rung& rung : rungs) out.push_back(rung.name);
  return out;
}

TEST(Ladder, NamesEveryMessageOfTheStandardInOrder) {
  const std::vector<Rung> rungs = ladder(handshake13());
  EXPECT_EQ(names(rungs),
            (std::vector<std::string>{"ClientHello", "HelloRetryRequest", "ChangeCipherSpec", "ChangeCipherSpec",
                                      "ClientHello", "ServerHello", "EncryptedExtensions", "CertificateRequest",
                                      "Certificate", "CertificateVerify", "Finished", "Certificate", "Finished",
                                      "NewSessionTicket", "silence: nothing more came"}));
  EXPECT_EQ(rungs[5].detail, "TLSv1.3, TLS_AES_256_GCM_SHA384");
  EXPECT_EQ(rungs[7].detail, "of any CA");
  EXPECT_EQ(rungs[11].detail, "empty");
  EXPECT_EQ(rungs[11].direction, kSent);
  EXPECT_EQ(milliseconds(*rungs[1].at), "1.5 ms");
  EXPECT_FALSE(rungs.back().crosses());
}

TEST(Ladder, AlertsStandWhereTheyFellWithTheirNames) {
  Transcript tls = handshake13();
  pass(tls, kReceived, 0, kAlert);
  tls.messages.back().alert_level = 2;
  tls.messages.back().alert = 48;
  tls.end = ProbeEnd::alert;
  const std::vector<Rung> rungs = ladder(tls);
  const Rung& alert = rungs[rungs.size() - 2];
  EXPECT_EQ(alert.kind, RungKind::alert);
  EXPECT_EQ(alert.name, "alert unknown_ca (48)");
  EXPECT_EQ(alert.detail, "fatal");
}

TEST(Ladder, ApplicationDataStandsBeforeTheFarewell) {
  Transcript tls = handshake13();
  tls.application_data = "hello";
  EXPECT_EQ(ladder(tls)[tls.messages.size()].kind, RungKind::data);
  pass(tls, kReceived, 0, kAlert);
  const std::vector<Rung> rungs = ladder(tls);
  EXPECT_EQ(rungs[rungs.size() - 3].kind, RungKind::data);
  EXPECT_EQ(rungs[rungs.size() - 2].name, "alert close_notify (0)");
}

TEST(Ladder, OddTypesHaveTheirNumber) {
  Transcript tls;
  pass(tls, kReceived, 77);
  pass(tls, kReceived, 0, 99);
  EXPECT_EQ(names(ladder(tls)), (std::vector<std::string>{"type 77", "record of type 99", "this side gave up"}));
  for (int type = 0; type < 256; ++type) EXPECT_FALSE(handshake_name(static_cast<std::uint8_t>(type)).empty());
}

TEST(Ladder, EveryEndIsSaid) {
  for (int end = 0; end <= static_cast<int>(ProbeEnd::failed); ++end) {
    Transcript tls;
    tls.end = static_cast<ProbeEnd>(end);
    ASSERT_EQ(ladder(tls).size(), 1U);
    EXPECT_FALSE(ladder(tls)[0].name.empty()) << end;
  }
  Transcript http;
  http.end = ProbeEnd::not_tls;
  http.first_octets = to_bytes(as_bytes("HTTP/1.1 400 Bad Request\r\n\x1b[2J"));
  EXPECT_EQ(ladder(http)[0].detail, R"("HTTP/1.1 400 Bad Request"...)");
}

TEST(Ladder, IsBoundedAndKeepsTheEnd) {
  for (const std::size_t count : {0U, 1U, 48U, 49U, 50U, 448U, 512U}) {
    Transcript tls;
    for (std::size_t i = 0; i < count; ++i) pass(tls, kReceived, 4);
    if (count > 0) tls.messages.back().handshake_type = 20;
    const std::vector<Rung> rungs = ladder(tls);
    EXPECT_LE(rungs.size(), LadderLimits::kFirst + LadderLimits::kLast + 3);
    if (count == 448) {
      EXPECT_EQ(rungs[LadderLimits::kFirst].name, "and 400 more");
    }
    if (count == 512) {
      EXPECT_EQ(rungs[rungs.size() - 2].kind, RungKind::omitted);
    }
    if (count > 0 && count < 512) {
      EXPECT_EQ(rungs[rungs.size() - 2].name, "Finished") << count;
    }
    std::size_t said = 0;
    for (const Rung& rung : rungs) said += rung.crosses() ? 1 : 0;
    EXPECT_EQ(said, count > 49 ? LadderLimits::kFirst + LadderLimits::kLast : count) << count;
  }
}

TEST(Ladder, OnATerminalEveryLineFitsAndEveryNameIsThere) {
  Transcript tls = handshake13();
  tls.cipher = "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256_AND_SOME_MORE_OF_A_NAME";
  tls.application_data = "x";
  for (int alert = 0; alert < 256; ++alert) {
    pass(tls, alert % 2 == 0 ? kSent : kReceived, 0, kAlert);
    tls.messages.back().alert = static_cast<std::uint8_t>(alert);
    tls.messages.back().at = std::chrono::hours(100);
    tls.messages.back().octets = 16'777'215;
  }
  const std::vector<Rung> rungs = ladder(tls);
  const std::vector<std::string> lines = ladder_lines(rungs);
  std::string text;
  for (const std::string& line : lines) {
    EXPECT_LE(columns(line), kTextColumns) << line;
    text += line + "\n";
  }
  for (const Rung& rung : rungs) EXPECT_NE(text.find(rung.name), std::string::npos) << rung.name << "\n" << text;
  EXPECT_NE(text.find("--- ClientHello"), std::string::npos) << text;
  EXPECT_NE(text.find("ServerHello ---|"), std::string::npos) << text;
}

}  // namespace
}  // namespace symbolon::check
