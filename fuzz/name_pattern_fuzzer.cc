// Whatever a pattern and a name are: first line the kind's letter and the pattern, the rest the name. A pattern that is
// accepted holds no control character and matches no name that does; an exact one matches itself.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "policy/name_pattern.h"
#include "policy/name_text.h"
#include "policy/rule.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace symbolon;
  using policy::PatternKind;
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = input.find('\n');
  const std::string_view text = input.substr(1, line == std::string_view::npos ? line : line - 1);
  const std::string_view name = line == std::string_view::npos ? std::string_view() : input.substr(line + 1);
  constexpr PatternKind kKinds[] = {PatternKind::dns, PatternKind::uri, PatternKind::email, PatternKind::ip,
                                    PatternKind::text};
  const PatternKind kind = kKinds[data[0] % std::size(kKinds)];
  if (line != 0) {
    if (const auto pattern = policy::NamePattern::make(kind, text)) {
      ENSURE(policy::is_clean(text));
      const bool matches = pattern->matches(name);
      ENSURE(!matches || policy::is_clean(name));
      ENSURE(!matches || pattern->might_match(name));
      if (pattern->exact()) {
        ENSURE(pattern->matches(text));
        ENSURE(matches == (policy::normal_form(kind, name) == pattern->normal()));
      }
    } else {
      ENSURE(pattern.error().code == Code::config_bad_value);
      ENSURE(policy::is_clean(pattern.error().words));
    }
    if (const auto rule = policy::Rule::parse(text)) ENSURE(policy::is_clean(rule->text()));
  }
  return 0;
}
