// Which further attempts are made, and what follows from what they come to: pure.
#include "check/attempt.h"

#include <gtest/gtest.h>

#include "check/report.h"
#include "x509/testing/forge.h"

namespace symbolon::check {
namespace {

using tls::ProbeEnd;
using x509::testing::Forge;
using x509::testing::forge;
using x509::testing::kNow;
using Kinds = std::vector<AttemptKind>;

Observation ended(ProbeEnd end, int alert = -1) {
  Observation seen;
  seen.endpoint = {net::Endpoint::Kind::name, "a.example", 443};
  seen.server_name = "a.example";
  seen.at = kNow;
  seen.tls.emplace();
  seen.tls->end = end;
  seen.tls->messages = {{tls::ProbeDirection::sent, 22, 1, 300, {}}};
  if (alert >= 0) {
    seen.tls->alert_received = tls::ProbeAlert{2, alert, false};
    seen.tls->first_octets = {21, 3, 3};
  }
  return seen;
}

Attempt came(AttemptKind kind, ProbeEnd end, std::string version = {}) {
  Attempt out{kind};
  out.tls.end = end;
  out.tls.version = std::move(version);
  out.tls.cipher = out.tls.version.empty() ? "" : "TLS_AES_128_CCM_8_SHA256";
  if (end == ProbeEnd::alert) out.tls.alert_received = tls::ProbeAlert{2, 40, false};
  return out;
}

// All attempts that follow where each comes to `end`.
Kinds all_of(Observation seen, ProbeEnd end) {
  Kinds out;
  while (const auto kind = next_attempt(seen)) {
    out.push_back(*kind);
    seen.further.push_back(came(*kind, end));
    if (out.size() > 20) break;
  }
  return out;
}

using Told = std::pair<Code, Certainty>;
Told told(const Observation& seen) {
  const Report report = diagnose(seen);
  if (report.findings.empty()) return {Code::internal, Certainty::possible};
  return {report.findings[0].code, report.findings[0].certainty};
}

Attempt came_with(AttemptKind kind, std::string version) {
  Attempt out = came(kind, ProbeEnd::failed, std::move(version));
  out.tls.cipher.clear();
  out.tls.version_offered = false;
  return out;
}

TEST(NextAttempt, AsksForOldVersionsOnceOneOfThemCameUnasked) {
  Observation seen = ended(ProbeEnd::alert, 70);
  seen.further.push_back(came_with(AttemptKind::tls12, "TLSv1"));
  EXPECT_FALSE(seen.further.back().got_through());
  EXPECT_EQ(next_attempt(seen), AttemptKind::old_versions);
  EXPECT_EQ(told(seen), Told(Code::protocol_version, Certainty::proven));
  seen.further.push_back(came(AttemptKind::old_versions, ProbeEnd::silence, "TLSv1"));
  EXPECT_EQ(next_attempt(seen), std::nullopt);
  EXPECT_EQ(told(seen), Told(Code::protocol_version, Certainty::proven));
}

TEST(Diagnose, AServerHelloOfAVersionThatWasNotOfferedIsProven) {
  Observation seen = ended(ProbeEnd::failed);
  seen.tls->version = "TLSv1.1";
  seen.tls->version_offered = false;
  seen.tls->first_octets = {22, 3, 2};
  EXPECT_EQ(next_attempt(seen), std::nullopt);
  EXPECT_EQ(told(seen), Told(Code::protocol_version, Certainty::proven));
}

TEST(NextAttempt, AsksForSuitesWhereTheAlertIsAboutThem) {
  EXPECT_EQ(all_of(ended(ProbeEnd::alert, 40), ProbeEnd::alert),
            (Kinds{AttemptKind::every_suite, AttemptKind::tls12, AttemptKind::tls13, AttemptKind::old_versions}));
}

TEST(NextAttempt, AsksForTheOtherVersionFirstWhereOneAloneWasOffered) {
  Observation seen = ended(ProbeEnd::alert, 70);
  seen.only_version = tls::ProbeVersion::tls12;
  EXPECT_EQ(next_attempt(seen), AttemptKind::tls13);
  seen.further = {came(AttemptKind::tls13, ProbeEnd::silence, "TLSv1.3")};
  EXPECT_EQ(next_attempt(seen), std::nullopt);  // that decided it
  EXPECT_EQ(told(seen), Told(Code::protocol_version, Certainty::proven));
}

TEST(NextAttempt, LeavesADeadPortAlone) {
  for (const ProbeEnd end : {ProbeEnd::timeout, ProbeEnd::reset}) {
    EXPECT_EQ(all_of(ended(end), end), Kinds{AttemptKind::plain_http});
  }
  EXPECT_EQ(told(ended(ProbeEnd::timeout)), Told(Code::handshake_timeout, Certainty::proven));
  EXPECT_EQ(told(ended(ProbeEnd::reset)), Told(Code::handshake_reset, Certainty::proven));
}

TEST(NextAttempt, AsksInPlainWhereWhatCameDoesNotShowWhoSpeaks) {
  using Case = std::pair<std::string_view, std::optional<AttemptKind>>;
  for (const auto& [words, next] :
       {Case("<!DOCTYPE HTML>", AttemptKind::plain_http), Case("\x01\x02\x03", AttemptKind::plain_http),
        Case("HTTP/1.1 400 x\r\n", std::nullopt), Case("SSH-2.0-x\r\n", std::nullopt)}) {
    Observation seen = ended(ProbeEnd::not_tls);
    seen.tls->first_octets = to_bytes(as_bytes(words));
    EXPECT_EQ(next_attempt(seen), next) << words;
  }
}

TEST(NextAttempt, EndsWhereTheServerIsNotReachedAnyMore) {
  Observation seen = ended(ProbeEnd::alert, 40);
  seen.further = {{AttemptKind::every_suite, Error{Code::connection_refused, "gone"}}};
  EXPECT_EQ(next_attempt(seen), std::nullopt);
  EXPECT_EQ(told(seen), Told(Code::no_shared_cipher, Certainty::likely));
}

TEST(NextAttempt, IsBoundedWhateverHappens) {
  for (int end = 0; end <= static_cast<int>(ProbeEnd::failed); ++end) {
    for (int then = 0; then <= static_cast<int>(ProbeEnd::failed); ++then) {
      for (const bool greeted : {false, true}) {
        Observation seen = ended(static_cast<ProbeEnd>(end), 40);
        seen.tls->version = greeted ? "TLSv1.3" : "";
        seen.tls->finished = seen.tls->certificate_requested = seen.tls->certificate_sent = greeted;
        EXPECT_LE(all_of(seen, static_cast<ProbeEnd>(then)).size(), 8U) << end << " " << then;
      }
    }
  }
}

TEST(FurtherAttempts, DecideBetweenCauses) {
  Observation seen = ended(ProbeEnd::alert, 40);
  seen.further = {came(AttemptKind::every_suite, ProbeEnd::silence, "TLSv1.3")};
  EXPECT_EQ(told(seen), Told(Code::no_shared_cipher, Certainty::proven));
  seen.further = {came(AttemptKind::old_versions, ProbeEnd::silence, "TLSv1")};
  EXPECT_EQ(told(seen), Told(Code::protocol_version, Certainty::proven));
  seen = ended(ProbeEnd::cut);
  seen.further = {came(AttemptKind::small_hello, ProbeEnd::silence, "TLSv1.2")};
  EXPECT_EQ(told(seen), Told(Code::client_hello_large, Certainty::proven));
  seen = ended(ProbeEnd::alert, 112);
  EXPECT_EQ(next_attempt(seen), AttemptKind::without_server_name);
  EXPECT_EQ(told(seen), Told(Code::unrecognized_name, Certainty::proven));
  EXPECT_EQ(told(ended(ProbeEnd::alert, 120)), Told(Code::no_application_protocol, Certainty::proven));
}

TEST(FurtherAttempts, FindHttpInPlain) {
  Observation seen = ended(ProbeEnd::timeout);
  seen.further = {came(AttemptKind::plain_http, ProbeEnd::data)};
  seen.further[0].plain_answer = "HTTP/1.1 200 OK\r\n\r\n";
  EXPECT_EQ(told(seen), Told(Code::plain_http, Certainty::proven));
  EXPECT_EQ(diagnose(seen).outcome, Outcome::not_tls);
  EXPECT_EQ(next_attempt(seen), std::nullopt);
  seen.further[0].plain_answer = "HTTP/1.1 400 x\r\n\r\nThe plain HTTP request was sent to HTTPS port";
  EXPECT_EQ(told(seen), Told(Code::handshake_timeout, Certainty::proven));
}

// A server that is sound, as far as the first attempt shows.
Observation sound() {
  Observation seen = ended(ProbeEnd::data);
  seen.tls->finished = seen.tls->certificate_requested = seen.tls->certificate_sent = true;
  seen.tls->version = "TLSv1.3";
  seen.tls->cipher = "TLS_AES_128_GCM_SHA256";
  seen.tls->application_data = "hello";
  seen.tls->first_octets = {22, 3, 3};
  const auto root = forge().ca("a-root", "Root");
  seen.tls->server_chain = {forge().certificate("a-server", "server", "a-root", Forge::kServer)};
  seen.client_chain = {forge().client("a-client", "alice", "a-root")};
  return seen;
}

TEST(FurtherAttempts, OfASoundServerAreForWhatIsWorthKnowing) {
  Observation seen = sound();
  EXPECT_EQ(all_of(seen, ProbeEnd::alert),
            (Kinds{AttemptKind::without_certificate, AttemptKind::without_server_name, AttemptKind::old_versions,
                   AttemptKind::split_hello, AttemptKind::split_records, AttemptKind::split_segments}));
  seen.further = {came(AttemptKind::old_versions, ProbeEnd::silence, "TLSv1.1")};
  EXPECT_EQ(told(seen), Told(Code::old_protocol_version, Certainty::proven));
  seen.further = {came(AttemptKind::split_hello, ProbeEnd::cut), came(AttemptKind::split_records, ProbeEnd::cut)};
  EXPECT_TRUE(diagnose(seen).findings.empty());  // perhaps it serves one connection at a time
  seen.further.push_back(came(AttemptKind::without_certificate, ProbeEnd::alert, "TLSv1.3"));
  EXPECT_EQ(told(seen), Told(Code::client_hello_split, Certainty::proven));
  EXPECT_EQ(diagnose(seen).exit_code(), kFound);
}

TEST(FurtherAttempts, TellThatACertificateIsOptional) {
  Observation seen = sound();
  Attempt without = came(AttemptKind::without_certificate, ProbeEnd::data, "TLSv1.3");
  without.tls.finished = without.tls.certificate_requested = true;
  without.tls.application_data = "* OK ready";  // said to everybody, before anything is judged
  seen.further = {without};
  EXPECT_TRUE(diagnose(seen).findings.empty());
  EXPECT_EQ(diagnose(seen).attempts[0].decided, "nothing");
  seen.asked_http = true;
  seen.further[0].tls.application_data = "HTTP/1.1 200 OK\r\n\r\n";
  EXPECT_EQ(told(seen), Told(Code::client_certificate_optional, Certainty::proven));
  EXPECT_EQ(diagnose(seen).exit_code(), kSound);
  EXPECT_EQ(diagnose(seen).attempts[0].decided, "a client certificate is optional");
  seen.further[0].tls.application_data = "HTTP/1.1 400 Bad Request\r\n\r\n";  // nginx says no in HTTP
  EXPECT_TRUE(diagnose(seen).findings.empty());
  EXPECT_EQ(diagnose(seen).attempts[0].decided, "the server wants a certificate");
}

TEST(FurtherAttempts, TellWhetherTheNameIsWhyNothingCame) {
  Observation seen = ended(ProbeEnd::alert, 112);
  seen.further = {came(AttemptKind::without_server_name, ProbeEnd::alert)};
  EXPECT_EQ(diagnose(seen).attempts[0].decided, "the name makes no difference");
  seen.further = {came(AttemptKind::without_server_name, ProbeEnd::silence, "TLSv1.3")};
  EXPECT_EQ(diagnose(seen).attempts[0].decided, "the name that was asked for is why");
}

TEST(FurtherAttempts, TellThatTheServerNameIsNeeded) {
  Observation seen = sound();
  Attempt without = came(AttemptKind::without_server_name, ProbeEnd::silence, "TLSv1.3");
  without.tls.server_chain = {forge().certificate("b-server", "other", "a-root", Forge::kServer)};
  seen.further = {without};
  EXPECT_EQ(told(seen), Told(Code::server_name_needed, Certainty::proven));
  seen.tls->cipher = "AES128-SHA";  // where something is to be mended, it alone is told
  const Report report = diagnose(seen);
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].code, Code::weak_cipher);
  EXPECT_EQ(report.attempts.size(), 1U);
  EXPECT_EQ(report.attempts[0].decided, "the server name is needed");
}

}  // namespace
}  // namespace symbolon::check
