#include "config/document.h"

#include <gtest/gtest.h>

#include <chrono>

#include "config/text.h"

namespace symbolon::config {
namespace {

Result<Document> parse_text(std::string_view text) { return parse(text, "t.yaml"); }

struct Refusal {
  std::string_view text;
  Code code;
  std::string_view where;
};

void expect_refused(const Refusal& refusal) {
  const auto document = parse_text(refusal.text);
  ASSERT_FALSE(document) << refusal.text;
  EXPECT_EQ(document.error().code, refusal.code) << refusal.text << document.error().text();
  EXPECT_EQ(document.error().where, refusal.where) << refusal.text << document.error().text();
}

TEST(Document, EveryNodeKnowsItsPlace) {
  const auto document = parse_text("a: 1\nb:\n  - x\n  - c: \"y\"\n");
  ASSERT_TRUE(document) << document.error().text();
  const Node& root = document->root;
  ASSERT_EQ(root.shape, Shape::mapping);
  ASSERT_EQ(root.entries.size(), 2U);
  EXPECT_EQ(root.entries[1].key_place.text(), "t.yaml:2:1");
  EXPECT_EQ(root.find("a")->place.text(), "t.yaml:1:4");
  const Node& list = *root.find("b");
  ASSERT_EQ(list.items.size(), 2U);
  EXPECT_EQ(list.items[0].place.text(), "t.yaml:3:5");
  EXPECT_EQ(list.items[1].find("c")->place.text(), "t.yaml:4:8");
  EXPECT_TRUE(list.items[1].find("c")->quoted);
  EXPECT_FALSE(list.items[0].quoted);
}

TEST(Document, ColumnsCountCharactersNotOctets) {
  const auto document = parse_text("gr\xC3\xBC\xC3\x9F: { a: 1 }\n");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root.find("gr\xC3\xBC\xC3\x9F")->find("a")->place.text(), "t.yaml:1:12");
}

TEST(Document, ByteOrderMarkAndCrLfChangeNothing) {
  const auto plain = parse_text("a: 1\nb: two words\n");
  const auto windows = parse_text(
      "\xEF\xBB\xBF"
      "a: 1\r\nb: two words\r\n");
  ASSERT_TRUE(plain);
  ASSERT_TRUE(windows) << windows.error().text();
  EXPECT_EQ(windows->root.find("b")->scalar, "two words");
  EXPECT_EQ(windows->root.find("b")->place, plain->root.find("b")->place);
}

TEST(Document, RefusesKeysThatStandTwice) {
  expect_refused({"a: 1\nb: 2\na: 3\n", Code::config_duplicate_key, "t.yaml:3:1"});
  expect_refused({"x: { a: 1, b: 2, \"a\": 3 }\n", Code::config_duplicate_key, "t.yaml:1:18"});
}

TEST(Document, RefusesWhatLeavesSomethingToGuess) {
  const Code code = Code::config_unsupported_yaml;
  expect_refused({"a: &x 1\n", code, "t.yaml:1:4"});
  expect_refused({"a: &x { b: 1 }\n", code, "t.yaml:1:4"});
  expect_refused({"a: &x [1]\n", code, "t.yaml:1:4"});
  expect_refused({"a: &x\n", code, "t.yaml:1:4"});
  expect_refused({"a: !!str 1\n", code, "t.yaml:1:4"});
  expect_refused({"a: !mine 1\n", code, "t.yaml:1:4"});
  expect_refused({"a: ! yes\n", code, "t.yaml:1:4"});
  expect_refused({"a: !!map { b: 1 }\n", code, "t.yaml:1:4"});
  expect_refused({"a: ! [1]\n", code, "t.yaml:1:4"});
  expect_refused({"a: !!binary YQ==\n", code, "t.yaml:1:4"});
  expect_refused({"<<: { a: 1 }\n", code, "t.yaml:1:1"});
  expect_refused({"a: 1\n---\nb: 2\n", code, "t.yaml:2:1"});
  expect_refused({"? [a, b]\n: 1\n", code, "t.yaml:1:3"});
  expect_refused({"~: 1\n", code, "t.yaml:1:1"});
  expect_refused({"\"\": 1\n", code, "t.yaml:1:1"});
  expect_refused({"a: &x 1\nb: *x\n", code, "t.yaml:1:4"});
  expect_refused({"a: *x\n", Code::config_syntax, "t.yaml:1:4"});
}

TEST(Document, OneDocumentMayHaveMarkers) {
  const auto document = parse_text("---\na: 1\n...\n");
  ASSERT_TRUE(document) << document.error().text();
  EXPECT_EQ(document->root.find("a")->scalar, "1");
  EXPECT_TRUE(parse_text("# note\n---\na: '<<'\n"));
}

TEST(Document, RefusesWhatIsNotText) {
  const Code code = Code::config_syntax;
  using namespace std::string_view_literals;
  expect_refused({"", code, "t.yaml"});
  expect_refused({"\n# only a comment\n", code, "t.yaml"});
  expect_refused({"a: 1\nb: x\0y\n"sv, code, "t.yaml:2:5"});
  expect_refused(
      {"\x7F"
       "ELF\x02\x01\x01\0\0"sv,
       code, "t.yaml:1:1"});
  expect_refused({"a: \xFF\xFE\n", code, "t.yaml:1:4"});
  expect_refused({"a: \xC0\x80\n", code, "t.yaml:1:4"});          // overlong NUL
  expect_refused({"a: \xED\xA0\x80\n", code, "t.yaml:1:4"});      // a surrogate
  expect_refused({"a: \xF4\x90\x80\x80\n", code, "t.yaml:1:4"});  // beyond U+10FFFF
  expect_refused({"a: b\xE2\x82", code, "t.yaml:1:5"});           // cut off
  expect_refused({"a: \x1B[31m\n", code, "t.yaml:1:4"});
  expect_refused(
      {"\xFF\xFE"
       "a\0:\0"sv,
       code, "t.yaml:1:1"});  // UTF-16
  expect_refused({"a: 1\rb: 2\n", code, "t.yaml:1:5"});
  expect_refused({"a:\n\tb: 1\n", code, "t.yaml:2:1"});
  expect_refused({"a:\n  \tb: 1\n", code, "t.yaml:2:3"});
}

TEST(Document, RefusesControlCharactersMadeByEscapes) {
  expect_refused({"a: \"x\\0y\"\n", Code::config_bad_value, "t.yaml:1:4"});
  expect_refused({"a: \"\\e[1m\"\n", Code::config_bad_value, "t.yaml:1:4"});
  expect_refused({"a: \"\\x7f\"\n", Code::config_bad_value, "t.yaml:1:4"});
  EXPECT_TRUE(parse_text("a: \"tab\\tand\\nline\"\n"));
}

TEST(Document, RefusesBrokenYamlAtItsPlace) {
  for (const std::string_view text : {"a: [1, 2\n", "a: {b: 1\n", "a: 'x\n", "a: \"x\n", "a: b: c\n", "a: 1\n b: 2\n",
                                      "a: 1\n]\n", "- a\nb: 1\n", "a: %x\n@b: 1\n", "{a: 1} x\n", "a: \"\\q\"\n"}) {
    const auto document = parse_text(text);
    ASSERT_FALSE(document) << text;
    EXPECT_EQ(document.error().code, Code::config_syntax) << text << document.error().text();
    EXPECT_TRUE(document.error().where.starts_with("t.yaml:")) << text << document.error().text();
  }
}

TEST(Document, DepthIsBounded) {
  for (const auto& [open, close] :
       {std::pair("[", "]"), std::pair("{a: ", "}"), std::pair("- ", ""), std::pair("? ", "")}) {
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += open;
    for (int i = 0; i < 100'000; ++i) text += close;
    const auto started = std::chrono::steady_clock::now();
    const auto document = parse_text(text);
    EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(20)) << open;
    ASSERT_FALSE(document);
    EXPECT_EQ(document.error().code, Code::config_syntax);
  }
  std::string allowed;
  for (std::size_t i = 0; i < kDeepest; ++i) allowed += "[";
  for (std::size_t i = 0; i < kDeepest; ++i) allowed += "]";
  EXPECT_TRUE(parse_text(allowed));
}

TEST(Document, SizeIsBounded) {
  const std::string text(kLargestText + 1, '#');
  expect_refused({text, Code::config_syntax, "t.yaml"});
}

TEST(Document, ALongListIsReadInReasonableTime) {
  std::string text = "list:\n";
  while (text.size() < 1'000'000) text += "  - { dns: host.example, issuer: \"CN=CA\" }\n";
  const auto document = parse_text(text);
  ASSERT_TRUE(document);
  EXPECT_GT(document->root.find("list")->items.size(), 20'000U);
}

TEST(Document, LenientParsingKeepsTheRestAndEveryProblem) {
  const auto document = parse_leniently("a: 1\na: 2\nb: !t x\n<<: { c: 1 }\nd: 4\n", "t.yaml");
  ASSERT_TRUE(document);
  ASSERT_EQ(document->problems.size(), 3U);
  EXPECT_EQ(document->root.find("a")->scalar, "1");
  EXPECT_EQ(document->root.find("d")->scalar, "4");
  EXPECT_EQ(document->root.find("c"), nullptr);
}

TEST(Document, FoundIsCutBetweenCharacters) {
  Node node{.shape = Shape::scalar, .scalar = std::string(59, 'a') + "\xC3\xBC" + std::string(40, 'b'), .entries = {}};
  EXPECT_EQ(node.found(), "'" + std::string(59, 'a') + "...'");
}

TEST(Text, PrintableLengthFollowsRfc3629) {
  EXPECT_EQ(printable_length("a"), 1U);
  EXPECT_EQ(printable_length("\xC3\xBC"), 2U);
  EXPECT_EQ(printable_length("\xE2\x82\xAC"), 3U);
  EXPECT_EQ(printable_length("\xF0\x9F\x94\x91"), 4U);
  for (const std::string_view bad : {"\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF", "\xF5\x80\x80\x80", "\x01",
                                     "\xEF\xBF\xBE", "\xC2\x80", "\xE2\x82"}) {
    EXPECT_EQ(printable_length(bad), 0U);
  }
}

}  // namespace
}  // namespace symbolon::config
