#include "config/load.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/testing/source_folder.h"
#include "config/reference.h"
#include "config/sample_tables.h"
#include "config/schema.h"

namespace symbolon::config {
namespace {

constexpr std::string_view kGood = R"(state: var
routes:
  - name: web
    listen: :8443
    certificate: { from: authority, names: [app.example] }
    clients: { verify: require, depth: 2, trust: [authority], allow: any }
    to: 127.0.0.1:3000
  - name: other
    listen: :8444
    certificate: { cert: other.crt, key: other.key }
    clients: { verify: insecure_none, allow: any }
    to: unix:/run/app.sock
    largest: 64KiB
profiles:
  device: { lifetime: 30d }
  lab: { insecure_any_name: true }
  safe: { insecure_any_name: false }
)";

TEST(Load, ReadsATableWithDefaults) {
  const auto loaded = load(kGood, "/etc/s/symbolon.yaml", sample::root_table());
  ASSERT_TRUE(loaded.value) << to_text(loaded.errors);
  const sample::Root& root = *loaded.value;
  EXPECT_EQ(root.state, Path("/etc/s/var"));
  ASSERT_EQ(root.routes.size(), 2U);
  EXPECT_EQ(root.routes[0].clients.depth, 2);
  EXPECT_EQ(root.routes[1].clients.depth, 3);
  EXPECT_EQ(root.routes[0].largest, std::nullopt);
  EXPECT_EQ(root.routes[1].largest, 65536U);
  EXPECT_EQ(root.routes[1].place.text(), "/etc/s/symbolon.yaml:8:5");
  EXPECT_EQ(root.profiles.at("device").lifetime, kDay * 30);
  EXPECT_EQ(root.profiles.at("lab").lifetime, kDay * 90);
}

TEST(Load, EveryWeakeningGivesAWarningWithItsPlace) {
  const auto loaded = load(kGood, "s.yaml", sample::root_table());
  ASSERT_EQ(loaded.warnings.size(), 2U);
  EXPECT_EQ(loaded.warnings[0].place.text(), "s.yaml:11:24");
  EXPECT_EQ(loaded.warnings[1].place.text(), "s.yaml:16:10");
}

TEST(Load, AFileThatCannotBeReadKeepsItsCode) {
  const auto loaded = load_file("/nonexistent/symbolon.yaml", sample::root_table());
  ASSERT_EQ(loaded.errors.size(), 1U);
  EXPECT_EQ(loaded.errors[0].code, Code::file_missing);
}

TEST(Load, ResultIsTheFirstError) {
  auto loaded = load("a: 1\nb: 2\nstate: []\n", "s.yaml", sample::root_table());
  const auto result = std::move(loaded).result();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::config_unknown_key);
  EXPECT_EQ(result.error().where, "s.yaml:1:1");
}

TEST(Load, NeverReadsWhatIsNotAMapping) {
  for (const std::string_view text : {"[]", "word", "- state: x", "3"}) {
    const auto loaded = load(text, "s.yaml", sample::root_table());
    EXPECT_FALSE(loaded.value) << text;
    EXPECT_FALSE(loaded.errors.empty());
  }
}

TEST(Load, ErrorsAreSortedByPlaceAndBounded) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "key" + std::to_string(i) + ": 1\n";
  const auto loaded = load(text, "s.yaml", sample::root_table());
  ASSERT_EQ(loaded.errors.size(), kMostProblems);
  for (std::size_t i = 0; i < loaded.errors.size(); ++i) {
    EXPECT_EQ(loaded.errors[i].where, "s.yaml:" + std::to_string(i + 1) + ":1");
  }
}

// Messages, as people see them: testdata/NAME.yaml gives testdata/NAME.txt. SYMBOLON_REBASE=1 writes the latter anew.
class Golden : public testing::TestWithParam<std::string> {};

void compare(const Path& golden, const std::string& text) {
  if (std::getenv("SYMBOLON_REBASE") != nullptr) std::ofstream(golden) << text;
  const auto expected = read_file(golden);
  ASSERT_TRUE(expected) << golden;
  EXPECT_EQ(*expected, text) << "SYMBOLON_REBASE=1 writes " << golden << " anew";
}

Path testdata() { return Path(kSourceFolder) / "src/config/testdata"; }

TEST_P(Golden, MessagesAreAsTheyWere) {
  const auto text = read_file(testdata() / (GetParam() + ".yaml"));
  ASSERT_TRUE(text);
  const auto loaded = load(*text, "symbolon.yaml", sample::root_table());
  std::string shown = to_text(loaded.errors);
  for (const Warning& warning : loaded.warnings) shown += "warning: " + warning.text() + '\n';
  compare(testdata() / (GetParam() + ".txt"), shown);
}

INSTANTIATE_TEST_SUITE_P(Messages, Golden,
                         testing::Values("unknown_keys", "duplicates", "wrong_types", "missing_keys", "weakenings",
                                         "guessing"));

TEST(Golden, ReferenceIsAsItWas) {
  compare(testdata() / "reference.md", reference(*sample::root_table().description()));
}

TEST(Golden, SchemaIsAsItWas) {
  compare(testdata() / "schema.json", schema(*sample::root_table().description(), "sample"));
}

}  // namespace
}  // namespace symbolon::config
