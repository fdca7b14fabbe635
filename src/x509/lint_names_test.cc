// The rules of the lint on names, each broken.
#include "x509/lint_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "x509/testing/lint_draft.h"

namespace symbolon::x509 {
namespace {

using ::testing::Contains;
using testing::Draft;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace testing::lint;

TEST(Lint, EmptySubject) {
  Draft draft = leaf();
  draft.subject.clear();
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_empty_subject));
  draft.extension(kNames).critical = true;
  EXPECT_THAT(codes(draft), IsEmpty());
  Draft ca = issuing_ca();
  ca.subject.clear();
  EXPECT_THAT(codes(ca, ca_rules()), ElementsAre(Code::lint_ca_subject));
}

TEST(Lint, SubjectTooLong) {
  Draft draft = leaf();
  draft.subject = {"CN,UTF8:" + std::string(65, 'x')};
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_name_too_long));
  draft.subject = {"C,PRINTABLE:DEU"};
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_name_too_long));
  draft.subject = {"CN,FORMAT:UTF8,UTF8:" + std::string(64, 'x')};
  EXPECT_THAT(codes(draft), IsEmpty());
}

TEST(Lint, SubjectCharacters) {
  for (const char* const bad :
       {"CN,T61:web", "CN,BMP:web", "CN,UNIV:web", "CN,IA5:web", "CN,UTF8:", "CN,FORMAT:HEX,IMP:12U,OCT:776562002e65",
        "CN,FORMAT:HEX,IMP:12U,OCT:c080", "CN,FORMAT:HEX,IMP:12U,OCT:edA080", "CN,FORMAT:HEX,IMP:12U,OCT:c285",
        "CN,FORMAT:HEX,IMP:19U,OCT:2a", "emailAddress,UTF8:a@b.example",
        // "admin" with U+202E, U+2066, U+200B and U+FEFF in it, and with blanks at its ends: U+0020, U+00A0.
        "CN,FORMAT:HEX,IMP:12U,OCT:6164e280ae6e696d", "CN,FORMAT:HEX,IMP:12U,OCT:e281a661646d696e",
        "CN,FORMAT:HEX,IMP:12U,OCT:6164e2808b6d696e", "CN,FORMAT:HEX,IMP:12U,OCT:efbbbf61646d696e",
        "CN,FORMAT:HEX,IMP:12U,OCT:2061646d696e", "CN,FORMAT:HEX,IMP:12U,OCT:61646d696e20",
        "CN,FORMAT:HEX,IMP:19U,OCT:61646d696e20", "CN,FORMAT:HEX,IMP:12U,OCT:61646d696ec2a0"}) {
    Draft draft = leaf();
    draft.subject = {bad};
    EXPECT_THAT(codes(draft), ElementsAre(Code::lint_name_characters)) << bad;
  }
}

TEST(Lint, SubjectCharactersOfAnyLanguage) {
  // Arabic with a zero-width non-joiner, an e with a combining accent, a blank inside.
  for (const char* const good : {"CN,FORMAT:HEX,IMP:12U,OCT:d985db8ce2808cd8ae", "CN,FORMAT:HEX,IMP:12U,OCT:65cc81",
                                 "CN,UTF8:Anna Maria", "CN,PRINTABLE:Anna Maria"}) {
    Draft draft = leaf();
    draft.subject = {good};
    EXPECT_THAT(codes(draft), IsEmpty()) << good;
  }
}

TEST(Lint, NamesMissing) {
  Draft draft = leaf();
  draft.remove(kNames);
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_san_missing));
  draft = leaf();
  draft.extension(kNames).hex = "3000";
  EXPECT_THAT(codes(draft), Contains(Code::lint_san_empty));
  draft.extension(kNames).hex = dns_names({""});
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_san_empty));
  draft.extension(kNames).hex = "3004a4023000";  // a directoryName without attributes
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_san_empty));
  draft.extension(kNames).hex = dns_names({" "});
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_san_empty));
}

TEST(Lint, NamesMalformed) {
  for (const std::string& bad : {dns_names({"web_1.example"}), dns_names({"web..example"}), dns_names({"192.0.2.1"}),
                                 dns_names({"WEB.example"}), dns_names({"web.example."}), uri_names({"/relative"}),
                                 std::string("300587030a0000"), std::string("300488022a03"), std::string("30038201")}) {
    Draft draft = leaf();
    draft.extension(kNames).hex = bad;
    EXPECT_THAT(codes(draft), Contains(Code::lint_san_malformed)) << bad;
  }
  Draft draft = leaf();
  draft.extension(kNames).hex = dns_names({std::string("good.example\0.evil.example", 26)});
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_name_characters));
}

TEST(Lint, Wildcards) {
  for (const char* const bad : {"w*.example", "a.*.example", "*.*.example", "*", "**.example"}) {
    Draft draft = leaf();
    draft.extension(kNames).hex = dns_names({bad});
    EXPECT_THAT(codes(draft), ElementsAre(Code::lint_san_wildcard)) << bad;
  }
  Draft draft = leaf();
  draft.extension(kNames).hex = dns_names({"*.web.example"});
  EXPECT_THAT(codes(draft), IsEmpty());
}

TEST(Lint, Svid) {
  LintRules rules = leaf_rules();
  rules.svid = true;
  Draft draft = leaf();
  EXPECT_THAT(codes(draft, rules), ElementsAre(Code::lint_svid_uri));  // no URI
  draft.extension(kNames).hex = uri_names({"spiffe://example/web"});
  EXPECT_THAT(codes(draft, rules), IsEmpty());
  for (const auto& bad : {uri_names({"spiffe://example/a", "spiffe://example/b"}), uri_names({"https://example/web"}),
                          uri_names({"spiffe://example"}), uri_names({"spiffe://example/a", "https://example/b"})}) {
    draft.extension(kNames).hex = bad;
    EXPECT_THAT(codes(draft, rules), Contains(Code::lint_svid_uri)) << bad;
  }
  draft.extension(kNames).hex = uri_names({"spiffe://example/web"});
  draft.extension(kUsage).hex = "03020186";
  EXPECT_THAT(codes(draft, rules), ElementsAre(Code::lint_svid_ca));
}

}  // namespace
}  // namespace symbolon::x509
