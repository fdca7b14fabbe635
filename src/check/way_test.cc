#include "check/way.h"

#include <gtest/gtest.h>

#include "check/way_report.h"

namespace symbolon::check {
namespace {

std::string proxy_of(const std::string& text) {
  const auto way = read_way({.proxy = text});
  if (!way) return way.error().text();
  return fmt::format("{} {}", way->proxy->kind == net::TunnelProxy::Kind::socks5 ? "socks" : "http",
                     way->proxy->at.text());
}

TEST(Way, ProxiesAreUrls) {
  EXPECT_EQ(proxy_of("http://proxy.example:3128"), "http proxy.example:3128");
  EXPECT_EQ(proxy_of("http://proxy.example:3128/"), "http proxy.example:3128");
  EXPECT_EQ(proxy_of("socks5://[::1]:1080"), "socks [::1]:1080");
  for (const char* bad : {"", "proxy:1", "https://proxy:1", "socks4://proxy:1", "http://proxy", "http://:1",
                          "http://proxy:0", "http://unix:/x", "socks5://"}) {
    EXPECT_EQ(read_way({.proxy = bad}).error().code, Code::usage) << bad;
  }
}

TEST(Way, APasswordOnTheCommandLineIsRefusedAndNotRepeated) {
  const auto way = read_way({.proxy = "http://user:sesame@proxy:1"});
  ASSERT_FALSE(way);
  EXPECT_EQ(way.error().code, Code::usage);
  EXPECT_EQ(way.error().text().find("sesame"), std::string::npos);
}

TEST(Way, OthersAreRefusedBeforeAnythingIsSent) {
  EXPECT_EQ(read_way({.proxy_credentials = Path("/x")}).error().code, Code::usage);
  EXPECT_EQ(read_way({.proxy_protocol = "v3"}).error().code, Code::usage);
  EXPECT_EQ(read_way({.starttls = "gopher"}).error().code, Code::usage);
  EXPECT_EQ(read_way({.proxy = "http://p:1", .proxy_credentials = Path("/nowhere/x")}).error().code,
            Code::file_missing);
  EXPECT_EQ(default_port(read_way({.starttls = "smtp"}).value()), 25);
  EXPECT_EQ(default_port(read_way({}).value()), 443);
}

TEST(Way, WhatFailsOnItBecomesTheReport) {
  Observation seen;
  seen.endpoint = net::Endpoint::parse("mail.example:25").value();
  seen.unreachable = Error{Code::connection_refused, "x"};
  EXPECT_EQ(way_report(seen).outcome, Outcome::unreachable);
  EXPECT_EQ(way_report(seen).findings.at(0).side, Side::network);
  seen.way.proxy = "http://p:1";
  EXPECT_NE(way_report(seen).findings.at(0).remedy.find("--proxy"), std::string::npos);
  seen.way.starttls = StartTls::smtp;
  EXPECT_EQ(way_lines(seen.way).back(), "STARTTLS of smtp was not begun");

  seen.way = {.stage = Stage::starttls, .starttls = StartTls::smtp, .dialogue = {{Said::By::server, "220 x"}}};
  for (const auto& [code, outcome, side] : std::vector<std::tuple<Code, Outcome, Side>>{
           {Code::starttls_not_offered, Outcome::failed, Side::server},
           {Code::starttls_wrong_protocol, Outcome::not_tls, Side::client},
           {Code::tls_at_once, Outcome::failed, Side::client},
           {Code::connection_timeout, Outcome::unreachable, Side::server},
       }) {
    seen.unreachable->code = code;
    const Report report = diagnose(seen);
    EXPECT_EQ(report.outcome, outcome) << name(code);
    EXPECT_EQ(report.findings.at(0).code, code);
    EXPECT_EQ(report.findings.at(0).side, side) << name(code);
    EXPECT_NE(report.exit_code(), 0);
    EXPECT_NE(to_text(seen, report).find("220 x"), std::string::npos);
  }
}

}  // namespace
}  // namespace symbolon::check
