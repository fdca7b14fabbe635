#include "config/value.h"

#include <gtest/gtest.h>

#include <variant>

#include "config/load.h"
#include "config/table.h"

namespace symbolon::config {
namespace {

// Reads one value as the file's key `v`; the first error's code, or none.
template <typename T>
struct One {
  std::optional<T> value;
  std::optional<Code> code;
  std::string where;
  std::vector<Warning> warnings;
};

template <typename T>
One<T> read_one(Value<T> value, std::string_view yaml) {
  struct Holder {
    std::optional<T> v;
  };
  Table<Holder> t("");
  t.required("v", &Holder::v, std::move(value), "the value");
  auto loaded = load("v: " + std::string(yaml) + "\n", "/etc/symbolon/t.yaml", t);
  One<T> out;
  out.warnings = loaded.warnings;
  if (loaded.value) {
    out.value = std::move(loaded.value->v);
  } else {
    EXPECT_FALSE(loaded.errors.empty());
    out.code = loaded.errors.front().code;
    out.where = loaded.errors.front().where;
  }
  return out;
}

constexpr Code kType = Code::config_wrong_type;
constexpr Code kValue = Code::config_bad_value;

TEST(Value, StringsTakeAnyScalarAsTheTableSaysSo) {
  EXPECT_EQ(read_one(string(), "plain words").value, "plain words");
  EXPECT_EQ(read_one(string(), "yes").value, "yes");
  EXPECT_EQ(read_one(string(), "0123").value, "0123");
  EXPECT_EQ(read_one(string(), "'quoted'").value, "quoted");
  EXPECT_EQ(read_one(string(), "''").code, kValue);
  EXPECT_EQ(read_one(string(), "").code, kType);
  EXPECT_EQ(read_one(string(), "~").code, kType);
  EXPECT_EQ(read_one(string(), "[a]").code, kType);
  EXPECT_EQ(read_one(string(), "{a: b}").code, kType);
  EXPECT_EQ(read_one(string_or_empty(), "''").value, "");
}

TEST(Value, IntegersAreDecimalPlainAndInRange) {
  EXPECT_EQ(read_one(integer(0, 9), "0").value, 0);
  EXPECT_EQ(read_one(integer(0, 9), "9").value, 9);
  EXPECT_EQ(read_one(integer(-5, 9), "-5").value, -5);
  EXPECT_EQ(read_one(integer(0, 9), "10").code, kValue);
  EXPECT_EQ(read_one(integer(0, 9), "-1").code, kValue);
  for (const std::string_view bad : {"'5'", "\"5\"", "5.0", "0x5", "05", "+5", "five", "1e1", "5 5", "-0", "", "[5]",
                                     "1_0", "99999999999999999999"}) {
    EXPECT_EQ(read_one(integer(0, 9), bad).code, kType) << bad;
  }
}

TEST(Value, OnlyTrueAndFalseAreBooleans) {
  EXPECT_EQ(read_one(boolean(), "true").value, true);
  EXPECT_EQ(read_one(boolean(), "false").value, false);
  for (const std::string_view bad : {"yes", "no", "on", "off", "True", "TRUE", "'true'", "1", "y", "", "[true]"}) {
    EXPECT_EQ(read_one(boolean(), bad).code, kType) << bad;
  }
}

TEST(Value, DurationsHaveUnits) {
  EXPECT_EQ(read_one(duration(), "90d").value, kDay * 90);
  EXPECT_EQ(read_one(duration(), "1h30m").value, kHour + kMinute * 30);
  EXPECT_EQ(read_one(duration(kMinute, kHour), "2h").code, kValue);
  EXPECT_EQ(read_one(duration(kMinute, kHour), "1s").code, kValue);
  EXPECT_EQ(read_one(duration(), "90").code, kType);
  EXPECT_EQ(read_one(duration(), "-1d").code, kType);
  EXPECT_EQ(read_one(duration(), "99999999999999999999y").code, kType);
  EXPECT_EQ(read_one(duration(), "[1d]").code, kType);
}

TEST(Value, SizesHaveUnitsAndDoNotOverflow) {
  EXPECT_EQ(read_one(size(0, 1ULL << 40), "64KiB").value, 65536U);
  EXPECT_EQ(read_one(size(0, 1ULL << 40), "1GiB").value, 1ULL << 30);
  EXPECT_EQ(read_one(size(0, 1ULL << 40), "512B").value, 512U);
  EXPECT_EQ(read_one(size(0, 1024), "1MiB").code, kValue);
  for (const std::string_view bad : {"64", "64KB", "64 KiB", "-1KiB", "KiB", "18446744073709551615GiB", "64kib", ""}) {
    EXPECT_EQ(read_one(size(0, 1ULL << 40), bad).code, kType) << bad;
  }
}

TEST(Value, PathsStartAtTheFolderOfTheFile) {
  EXPECT_EQ(read_one(path(), "ca.pem").value, Path("/etc/symbolon/ca.pem"));
  EXPECT_EQ(read_one(path(), "./sub/../ca.pem").value, Path("/etc/symbolon/ca.pem"));
  EXPECT_EQ(read_one(path(), "/srv/ca.pem").value, Path("/srv/ca.pem"));
  EXPECT_EQ(read_one(path(), "''").code, kValue);
  EXPECT_EQ(read_one(path(), "\"a\\nb\"").code, kValue);
}

enum class Mode { require, optional, none };
Value<Mode> mode() {
  return choice<Mode>({{"require", Mode::require}, {"optional", Mode::optional}, {"insecure_none", Mode::none}});
}

TEST(Value, ChoicesTakeTheirWordsOnly) {
  EXPECT_EQ(read_one(mode(), "require").value, Mode::require);
  EXPECT_EQ(read_one(mode(), "\"optional\"").value, Mode::optional);
  EXPECT_EQ(read_one(mode(), "Require").code, kValue);
  EXPECT_EQ(read_one(mode(), "[require]").code, kType);
  EXPECT_EQ(read_one(mode(), "").code, kType);
}

TEST(Value, AWeakeningWordGivesAWarning) {
  const auto got = read_one(mode(), "insecure_none");
  EXPECT_EQ(got.value, Mode::none);
  ASSERT_EQ(got.warnings.size(), 1U);
  EXPECT_EQ(got.warnings[0].place.line, 1);
  EXPECT_TRUE(read_one(mode(), "require").warnings.empty());
}

TEST(Value, ListsAreBounded) {
  EXPECT_EQ(read_one(list_of(string()), "[a, b]").value, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(read_one(list_of(string()), "[]").value, std::vector<std::string>{});
  EXPECT_EQ(read_one(list_of(string(), {.least = 1}), "[]").code, kValue);
  EXPECT_EQ(read_one(list_of(string(), {.most = 2}), "[a, b, c]").code, kValue);
  EXPECT_EQ(read_one(list_of(string()), "a").code, kType);
  EXPECT_EQ(read_one(list_of(integer(0, 9)), "[1, two]").where, "/etc/symbolon/t.yaml:1:8");
  EXPECT_EQ(read_one(one_or_list(string()), "a").value, std::vector<std::string>{"a"});
  EXPECT_EQ(read_one(one_or_list(string()), "[a, b]").value, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(read_one(one_or_list(string()), "[]").code, kValue);
}

TEST(Value, MapsHaveNamesOfTheUsersChoice) {
  const auto got = read_one(map_of(integer(0, 9)), "{ one: 1, t.w-o_2: 2 }");
  EXPECT_EQ(got.value, (std::map<std::string, std::int64_t>{{"one", 1}, {"t.w-o_2", 2}}));
  EXPECT_EQ(read_one(map_of(integer(0, 9)), "{ 'a b': 1 }").code, kValue);
  EXPECT_EQ(read_one(map_of(integer(0, 9)), "{ a: x }").code, kType);
  EXPECT_EQ(read_one(map_of(integer(0, 9)), "[a]").code, kType);
}

Result<int> even(std::string_view text) {
  if (text == "two") return 2;
  if (text == "odd") return fail(Code::config_no_rules, "odd");
  return fail(Code::bad_request, "'{}' is no number", text);
}

TEST(Value, ParsersKeepConfigurationCodesOnly) {
  const auto value = parsed<int>("an even number", even);
  EXPECT_EQ(read_one(value, "two").value, 2);
  EXPECT_EQ(read_one(value, "odd").code, Code::config_no_rules);
  EXPECT_EQ(read_one(value, "x").code, kValue);
  EXPECT_EQ(read_one(value, "[two]").code, kType);
}

TEST(Value, AsConvertsOrRefuses) {
  const auto doubled = as<long>(integer(0, 9), [](std::int64_t n) { return n * 2; });
  EXPECT_EQ(read_one(doubled, "4").value, 8);
  const auto small = as<long>(integer(0, 9), [](std::int64_t n) -> Result<long> {
    if (n > 5) return fail(Code::config_bad_value, "too many");
    return n;
  });
  EXPECT_EQ(read_one(small, "5").value, 5);
  EXPECT_EQ(read_one(small, "6").code, kValue);
}

struct FromAuthority {
  std::string from;
  std::vector<std::string> names;
};
struct Files {
  Path cert;
  Path key;
};
using Certificate = std::variant<FromAuthority, Files, std::string>;

Value<Certificate> certificate() {
  Table<FromAuthority> managed("certificate");
  managed.required("from", &FromAuthority::from, string(), "who issues it")
      .optional("names", &FromAuthority::names, list_of(string()), "its names");
  Table<Files> files("certificate");
  files.required("cert", &Files::cert, path(), "PEM").required("key", &Files::key, path(), "PEM");
  return either<Certificate>({as<Certificate>(table(managed)), as<Certificate>(table(files)),
                              as<Certificate>(choice<std::string>({{"self", "self"}}))});
}

TEST(Value, EitherGoesByShapeAndKeys) {
  const auto by_authority = read_one(certificate(), "{ from: authority, names: [a] }");
  ASSERT_TRUE(by_authority.value);
  EXPECT_EQ(std::get<FromAuthority>(*by_authority.value).names.size(), 1U);
  const auto by_files = read_one(certificate(), "{ cert: a.crt, key: a.key }");
  ASSERT_TRUE(by_files.value);
  EXPECT_EQ(std::get<Files>(*by_files.value).key, Path("/etc/symbolon/a.key"));
  const auto by_word = read_one(certificate(), "self");
  ASSERT_TRUE(by_word.value);
  EXPECT_EQ(std::get<std::string>(*by_word.value), "self");
  EXPECT_EQ(read_one(certificate(), "selfish").code, kValue);
  EXPECT_EQ(read_one(certificate(), "[a]").code, kType);
  EXPECT_EQ(read_one(certificate(), "").code, kType);
}

TEST(Value, EitherExplainsASpellingErrorByTheTableThatWasMeant) {
  const auto got = read_one(certificate(), "{ cert: a.crt, kye: a.key }");
  EXPECT_EQ(got.code, Code::config_unknown_key);
  EXPECT_EQ(got.where, "/etc/symbolon/t.yaml:1:19");
}

TEST(Value, EitherTriesScalarsInOrderAndKeepsWarnings) {
  const auto value = either<std::variant<std::int64_t, Mode>>(
      {as<std::variant<std::int64_t, Mode>>(integer(0, 9)), as<std::variant<std::int64_t, Mode>>(mode())});
  EXPECT_EQ(std::get<0>(*read_one(value, "5").value), 5);
  const auto weak = read_one(value, "insecure_none");
  EXPECT_EQ(std::get<1>(*weak.value), Mode::none);
  EXPECT_EQ(weak.warnings.size(), 1U);
  EXPECT_EQ(read_one(value, "other").code, kValue);
}

}  // namespace
}  // namespace symbolon::config
