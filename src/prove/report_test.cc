#include "prove/report.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "prove/cases.h"
#include "x509/testing/shell.h"

namespace symbolon::prove {
namespace {

using x509::testing::Folder;
using x509::testing::must;

Proof sample() {
  Proof proof;
  proof.endpoint = "web.example:443";
  proof.server_name = "web.example";
  proof.at = UnixSeconds{1'800'000'000};
  proof.reachable = true;
  proof.control = {std::string(kControl), Verdict::pass, "let in: HTTP 200"};
  proof.results = {{"no_certificate", Verdict::pass, "refused"},
                   {"expired", Verdict::fail, "let in \x1b[31m <&'\"> \x01\xff", std::chrono::milliseconds(1234)},
                   {"wrong_eku", Verdict::unclear, "no answer"},
                   {"revoked", Verdict::not_run, "--revoked"}};
  return proof;
}

TEST(Report, TheTableHasEachCaseOnce) {
  std::set<std::string_view> ids;
  for (const Case& one : all_cases()) {
    EXPECT_TRUE(ids.insert(one.id).second) << one.id;
    EXPECT_EQ(find_case(one.id), &one);
    for (const std::string_view text : {one.does, one.right, one.section, one.mends}) EXPECT_FALSE(text.empty());
    EXPECT_EQ(one.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), std::string_view::npos) << one.id;
  }
  EXPECT_EQ(find_case("no_such_case"), nullptr);
  EXPECT_EQ(find_case(kControl), nullptr);
}

TEST(Report, TheTextNamesVerdictsRemediesAndTheScore) {
  const std::string text = to_text(sample());
  for (const char* const part : {"web.example:443", "FAIL", "not run", "not_mutual", "1 of 3, 1 not run\n"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(Report, JsonHoldsTheScoreAndEachCase) {
  const auto document = boost::json::parse(to_json(sample()));
  EXPECT_EQ(document.at("passed").as_int64(), 1);
  EXPECT_EQ(document.at("run").as_int64(), 3);
  EXPECT_EQ(document.at("not_run").as_int64(), 1);
  EXPECT_EQ(document.at("exit").as_int64(), 1);
  const auto& cases = document.at("cases").as_array();
  ASSERT_EQ(cases.size(), 4U);
  EXPECT_EQ(cases[1].at("code").as_string(), "not_mutual");
  EXPECT_EQ(cases[1].at("section").as_string(), "RFC 5280 §6.1.3 (a)(2)");
  EXPECT_TRUE(cases[0].at("code").is_null());
}

TEST(Report, WithoutAControlNothingIsProved) {
  Proof proof = sample();
  proof.control.verdict = Verdict::fail;
  EXPECT_EQ(proof.exit_status(), 1);
  EXPECT_EQ(to_text(proof).find(" of "), std::string::npos);
  proof.reachable = false;
  EXPECT_EQ(proof.exit_status(), kUnreachableStatus);
}

TEST(Report, JunitIsXmlThatOthersRead) {
  const Folder folder;
  const std::string file = folder.put("junit.xml", to_junit(sample()));
  EXPECT_EQ(must("xmllint --xpath 'string(//testsuite/@tests)' " + file), "5\n");
  EXPECT_EQ(must("xmllint --xpath 'string(//testsuite/@failures)' " + file), "1\n");
  EXPECT_EQ(must("xmllint --xpath 'count(//testcase/failure)' " + file), "1\n");
  EXPECT_EQ(must("xmllint --xpath 'count(//testcase/error)' " + file), "1\n");
  EXPECT_EQ(must("xmllint --xpath 'count(//testcase/skipped)' " + file), "1\n");
  EXPECT_EQ(must("xmllint --xpath 'string(//testcase[failure]/@time)' " + file), "1.234\n");
}

TEST(Report, WhatXmlCannotHoldIsShownInAnotherWay) {
  EXPECT_EQ(xml_escaped("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&apos;");
  for (const char c : xml_escaped(std::string("\x00\x01\x1b\x7f\n\xff\xc3", 7))) {
    EXPECT_GE(static_cast<unsigned char>(c), 0x20U);
    EXPECT_LT(static_cast<unsigned char>(c), 0x7fU);
  }
}

}  // namespace
}  // namespace symbolon::prove
