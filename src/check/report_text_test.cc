#include "check/report_text.h"

#include <gtest/gtest.h>

#include "base/utf8.h"
#include "check/testing/meetings.h"
#include "check/wrapped.h"

namespace symbolon::check {
namespace {

using testing::evil_meeting;
using testing::meeting;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = text.find('\n', at);
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

TEST(ReportText, NoLineIsWiderThanATerminal) {
  for (const Observation& seen : {meeting(), evil_meeting()}) {
    const std::string text = to_text(seen, diagnose(seen));
    EXPECT_TRUE(text.ends_with("\n"));
    EXPECT_TRUE(is_utf8(text));
    EXPECT_LT(text.size(), 100'000U);
    for (const std::string& line : lines_of(text)) {
      EXPECT_LE(columns(line), 80U) << line;
      for (const char c : line) EXPECT_FALSE(static_cast<unsigned char>(c) < 0x20 || c == 0x7f) << line;
    }
  }
}

TEST(ReportText, TheVerdictComesFirstThenFindingsLadderAndChains) {
  const Observation seen = meeting();
  const std::string text = to_text(seen, diagnose(seen));
  std::size_t before = 0;
  for (const char* part : {"a.example:443 (192.0.2.1:443), asked for the name a.example", "TLSv1.3", "refused: ",
                           "error client_certificate_expired (proven, client)", "  -> renew it", "handshake",
                           "--- ClientHello", "ServerHello (TLSv1.3", "alert certificate_expired (45) (fatal)",
                           "server's chain", "dns:a.example", "digitalSignature; for serverAuth", "of this CA",
                           "CN=Root", "signatures", "client's chain", "for clientAuth", "next: renew it"}) {
    const std::size_t at = text.find(part, before);
    EXPECT_NE(at, std::string::npos) << part << "\n" << text;
    if (at != std::string::npos) before = at;
  }
}

TEST(ReportText, TheChainBreaksWhereItBreaks) {
  Observation seen = meeting();
  seen.tls->server_chain.erase(seen.tls->server_chain.begin() + 1);
  seen.tls->server_chain.push_back(seen.client_chain.front());
  x509::PathFailure failure;
  failure.code = Code::server_certificate_incomplete_chain;
  failure.certificate = seen.tls->server_chain.front();
  failure.detail = "no certificate of CN=Issuing";
  seen.trust = "ca.pem";
  seen.server_path = std::unexpected(failure);
  const std::string text = to_text(seen, diagnose(seen));
  for (const char* part : {"!! no certificate of CN=Issuing", "the chain breaks here", "NOT verified by ca.pem"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

TEST(ReportText, PaintTakesNoColumns) {
  const Observation seen = meeting();
  const Report report = diagnose(seen);
  const Paint paint = [](Tone tone, std::string_view text) {
    return tone == Tone::plain ? std::string(text) : "\x1b[1m" + std::string(text) + "\x1b[0m";
  };
  std::string painted = to_text(seen, report, paint);
  EXPECT_NE(painted, to_text(seen, report));
  for (const std::string_view code : {"\x1b[1m", "\x1b[0m"}) {
    for (std::size_t at = painted.find(code); at != std::string::npos; at = painted.find(code, at)) {
      painted.erase(at, code.size());
    }
  }
  EXPECT_EQ(painted, to_text(seen, report));
}

TEST(ReportText, WhatWasNotReachedHasNoLadder) {
  Observation seen;
  seen.endpoint = {net::Endpoint::Kind::name, "a.example", 443};
  seen.unreachable = Error{Code::connection_refused, "refused"};
  const std::string text = to_text(seen, diagnose(seen));
  EXPECT_EQ(text.find("handshake"), std::string::npos) << text;
  EXPECT_NE(text.find("connection_refused"), std::string::npos);
}

}  // namespace
}  // namespace symbolon::check
