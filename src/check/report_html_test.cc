#include "check/report_html.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/utf8.h"
#include "check/report_style.h"
#include "check/testing/meetings.h"

namespace symbolon::check {
namespace {

using testing::evil_meeting;
using testing::meeting;

std::string page_of(const Observation& seen) { return to_html(seen, diagnose(seen)); }

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t out = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++out;
  return out;
}

TEST(ReportHtml, ShowsFindingsLadderChainsAndWhatWasAskedFor) {
  const std::string page = page_of(meeting());
  for (const char* part :
       {"<!DOCTYPE html>", "<html lang=\"en\">", "<title>refused: a.example:443</title>", "client_certificate_expired",
        ">proven</span>", ">at the client</span>", "What mends it:", "renew it", "The handshake",
        "alert certificate_expired (45)", "CN=server", "dns:a.example", "digitalSignature; for serverAuth",
        "ecdsa_secp256r1_sha256", "CN=alice", "prefers-color-scheme: dark", "@media print"}) {
    EXPECT_NE(page.find(part), std::string::npos) << part;
  }
  for (const char* element :
       {"section", "div", "ol",  "ul",      "li",   "dl",     "dd",     "dt",   "p",    "h1", "h2",
        "h3",      "h4",  "svg", "article", "main", "header", "footer", "span", "text", "g"}) {
    EXPECT_EQ(count(page, fmt::format("<{}>", element)) + count(page, fmt::format("<{} ", element)),
              count(page, fmt::format("</{}>", element)))
        << element;
  }
  EXPECT_EQ(count(page, "<h1>"), 1U);
}

TEST(ReportHtml, AllFromTheNetworkIsText) {
  const std::string page = page_of(evil_meeting());
  EXPECT_TRUE(is_utf8(page));
  EXPECT_LT(page.size(), 1'000'000U);
  for (const char* part : {"<script", "<img", "onerror=alert(1)>", "<b>@", "\xe2\x80\xae", "\xe2\x81\xa6", "\x1b"}) {
    EXPECT_EQ(page.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(page.find('\0'), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt;"), std::string::npos);
  EXPECT_NE(page.find("\\u{202e}"), std::string::npos);
  EXPECT_NE(page.find("\xe6\x9d\xb1"), std::string::npos) << "letters of every script stay";
  EXPECT_EQ(count(page, "</svg>"), count(page, "<svg "));
}

TEST(ReportHtml, NeedsAndAllowsNothingFromElsewhere) {
  const std::string page = page_of(meeting());
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
  EXPECT_EQ(page.find("unsafe"), std::string::npos);
  EXPECT_EQ(page.find(" style="), std::string::npos) << "the policy forbids it";
  const std::string body = page.substr(page.find("</style>"));
  for (const char* part : {"http://", "https://", "src=", "<script", "<iframe", "<link", "<form"}) {
    EXPECT_EQ(body.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(report_style().find('<'), std::string_view::npos);
  EXPECT_EQ(report_style().find("url("), std::string_view::npos);
}

TEST(ReportHtml, EveryOutcomeHasItsPage) {
  Observation unreachable;
  unreachable.endpoint = {net::Endpoint::Kind::name, "a.example", 443};
  unreachable.unreachable = Error{Code::connection_refused, "refused"};
  EXPECT_EQ(page_of(unreachable).find("<svg"), std::string::npos);
  for (int end = 0; end <= static_cast<int>(tls::ProbeEnd::failed); ++end) {
    Observation seen = meeting();
    seen.tls->end = static_cast<tls::ProbeEnd>(end);
    seen.tls->messages.clear();
    seen.tls->server_chain.clear();
    seen.client_chain.clear();
    seen.tls->certificate_sent = false;
    EXPECT_NE(page_of(seen).find("</html>"), std::string::npos) << end;
  }
}

class ReportFile : public ::testing::Test {
 protected:
  ReportFile() {
    char name[] = "/tmp/symbolon-page-XXXXXX";
    folder_ = mkdtemp(name);
  }
  ~ReportFile() override { std::filesystem::remove_all(folder_); }
  Path folder_;
};

TEST_F(ReportFile, APageIsReplacedAndNothingElse) {
  const Path path = folder_ / "report.html";
  EXPECT_TRUE(may_write_page(path));
  ASSERT_TRUE(write_page(path, page_of(meeting())));
  struct stat facts{};
  ASSERT_EQ(stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0644U);
  EXPECT_TRUE(may_write_page(path));
  ASSERT_TRUE(write_page(path, "<!DOCTYPE html>\n"));
  EXPECT_EQ(*read_file(path), "<!DOCTYPE html>\n");

  const Path key = folder_ / "me.key";
  ASSERT_TRUE(write_file(key, "-----BEGIN PRIVATE KEY-----\n", {.mode = 0600}));
  EXPECT_EQ(may_write_page(key).error().code, Code::usage);
  EXPECT_EQ(may_write_page(folder_).error().code, Code::usage);
  EXPECT_EQ(may_write_page("/dev/null").error().code, Code::usage);
  EXPECT_EQ(may_write_page(folder_ / "missing" / "report.html").error().code, Code::usage);
  EXPECT_EQ(write_page(folder_ / "missing" / "report.html", "x").error().code, Code::file_unwritable);
}

}  // namespace
}  // namespace symbolon::check
