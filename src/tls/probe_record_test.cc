#include "tls/probe_record.h"

#include <gtest/gtest.h>

namespace symbolon::tls {
namespace {

constexpr int kAlert = 21;
constexpr int kHandshake = 22;

Transcript transcript_of(ProbeRecord& record) {
  Transcript out;
  record.move_into(out);
  return out;
}

TEST(HoldsCertificate, TellsAnEmptyCertificateMessage) {
  EXPECT_FALSE(holds_certificate(Bytes{11, 0, 0, 3, 0, 0, 0}, false));  // RFC 5246 §7.4.6
  EXPECT_TRUE(holds_certificate(Bytes{11, 0, 0, 4, 0, 0, 1, 0}, false));
  EXPECT_FALSE(holds_certificate(Bytes{11, 0, 0, 4, 0, 0, 0, 0}, true));              // RFC 8446 §4.4.2
  EXPECT_FALSE(holds_certificate(Bytes{11, 0, 0, 6, 2, 0xaa, 0xbb, 0, 0, 0}, true));  // with a context
  EXPECT_TRUE(holds_certificate(Bytes{11, 0, 0, 5, 1, 0xaa, 0, 1, 0, 0}, true));
  EXPECT_FALSE(holds_certificate(Bytes{25, 0, 0, 9, 0, 1, 0, 0, 4, 0, 0, 1, 0xaa}, true));  // RFC 8879 §4
  EXPECT_TRUE(holds_certificate(Bytes{25, 0, 0, 9, 0, 1, 0, 3, 4, 0, 0, 1, 0xaa}, true));
  for (std::size_t size = 0; size < 9; ++size) EXPECT_FALSE(holds_certificate(Bytes(size, 25), true)) << size;
  for (std::size_t size = 0; size < 7; ++size) EXPECT_FALSE(holds_certificate(Bytes(size, 0xff), true)) << size;
}

TEST(LooksLikeTls, TakesAlertsAndHandshakesOnly) {
  EXPECT_TRUE(looks_like_tls({}));
  EXPECT_TRUE(looks_like_tls(Bytes{22}));
  EXPECT_TRUE(looks_like_tls(Bytes{22, 3, 3}));
  EXPECT_TRUE(looks_like_tls(Bytes{21, 3, 1}));
  EXPECT_FALSE(looks_like_tls(Bytes{23, 3, 3}));
  EXPECT_FALSE(looks_like_tls(Bytes{22, 2}));
  EXPECT_FALSE(looks_like_tls(as_bytes("HTTP/1.1 400")));
  EXPECT_FALSE(looks_like_tls(as_bytes("SSH-2.0")));
}

TEST(ProbeRecord, KeepsTheLastAlertThatIsNoFarewell) {
  ProbeRecord record;
  record.take(ProbeDirection::received, kAlert, Bytes{1, 0}, true);
  EXPECT_FALSE(record.fatal_alert_received());
  record.take(ProbeDirection::sent, kHandshake, Bytes{20, 0, 0, 0}, true);  // Finished
  record.take(ProbeDirection::received, kAlert, Bytes{2, 48}, true);
  record.take(ProbeDirection::received, kAlert, Bytes{1, 0}, true);
  record.take(ProbeDirection::received, kAlert, Bytes{2}, true);
  EXPECT_TRUE(record.fatal_alert_received());
  const Transcript seen = transcript_of(record);
  ASSERT_TRUE(seen.alert_received);
  EXPECT_EQ(seen.alert_received->description, 48);
  EXPECT_TRUE(seen.alert_received->after_finished);
  EXPECT_FALSE(seen.alert_sent);
}

TEST(ProbeRecord, ToldWhatWasAskedForAndWhatWasSent) {
  ProbeRecord record;
  record.take(ProbeDirection::received, kHandshake, Bytes{2}, false);
  record.take(ProbeDirection::received, kHandshake, Bytes{13}, false);
  record.take(ProbeDirection::sent, kHandshake, Bytes{11, 0, 0, 3, 0, 0, 0}, false);
  record.take(ProbeDirection::received, kHandshake, Bytes{4}, false);
  record.take(ProbeDirection::received, kHandshake, Bytes{}, false);
  EXPECT_TRUE(record.server_hello_seen());
  const Transcript seen = transcript_of(record);
  EXPECT_TRUE(seen.certificate_requested);
  EXPECT_FALSE(seen.certificate_sent);
  EXPECT_EQ(seen.session_tickets, 1);
  EXPECT_EQ(seen.messages.size(), 5U);
}

TEST(ProbeRecord, RemembersABoundedNumberOfMessages) {
  ProbeRecord record;
  for (std::size_t i = 0; i < 2 * ProbeLimits::kMessages; ++i) {
    record.take(ProbeDirection::received, kHandshake, Bytes{4}, true);
  }
  EXPECT_EQ(transcript_of(record).messages.size(), ProbeLimits::kMessages);
}

TEST(ProbeRecord, TellsARetryFromAServerHelloAndKeepsEachAlert) {
  Bytes retry(44, 0);
  retry[0] = 2;
  const Bytes random = *from_hex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c");
  std::copy(random.begin(), random.end(), retry.begin() + 6);  // RFC 8446 §4.1.3
  Bytes hello = retry;
  hello[37] = 0;
  ProbeRecord record;
  record.take(ProbeDirection::received, kHandshake, retry, true);
  record.take(ProbeDirection::received, kHandshake, hello, true);
  for (std::size_t size = 0; size < 38; ++size) {
    record.take(ProbeDirection::received, kHandshake, ByteView(retry).first(size), true);
  }
  record.take(ProbeDirection::received, kAlert, Bytes{2, 48}, true);
  record.take(ProbeDirection::sent, kAlert, Bytes{2}, true);
  const auto messages = transcript_of(record).messages;
  EXPECT_TRUE(messages[0].retry);
  for (std::size_t i = 1; i < messages.size(); ++i) EXPECT_FALSE(messages[i].retry) << i;
  EXPECT_EQ(messages[40].alert_level, 2);
  EXPECT_EQ(messages[40].alert, 48);
  EXPECT_EQ(messages[41].alert, 0);
}

TEST(SignatureSchemes, HaveTheirNamesOrTheirNumber) {
  EXPECT_EQ(signature_scheme_name(0x0403), "ecdsa_secp256r1_sha256");
  EXPECT_EQ(signature_scheme_name(0x1234), "0x1234");
}

}  // namespace
}  // namespace symbolon::tls
