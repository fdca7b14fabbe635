#include "config/description.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_map>

#include "config/suggest.h"
#include "config/value.h"

namespace symbolon::config::detail {
namespace {

DescriptionPtr share(Description description) { return std::make_shared<const Description>(std::move(description)); }

int fit_mapping(const Node& node, const Description& table) {
  constexpr int kBase = 10'000;  // a mapping for a table always fits somehow: its errors say more than "must be ..."
  int score = kBase;
  for (const Entry& entry : node.entries) {
    const bool known = std::ranges::any_of(table.keys, [&](const auto& key) { return key.name == entry.key; });
    score += known ? 2 : -1;
  }
  for (const KeyDescription& key : table.keys) {
    if (key.required && node.find(key.name) == nullptr) --score;
  }
  return std::max(0, score);
}

}  // namespace

void report(const Node& node, Reader& reader, const Error& error) {
  const bool ours = name(error.code).starts_with("config_");
  reader.error(node.place, ours ? error.code : Code::config_bad_value,
               fmt::format("{}: {}", reader.subject(), error.words));
}

void report_choice(const Node& node, Reader& reader, const Description& choice) {
  std::string expected = choice.words;
  const auto near = node.shape == Shape::scalar ? nearest(node.scalar, choice.choices) : std::nullopt;
  if (!near) return reader.must_be(node, expected);
  reader.error(
      node.place, Code::config_bad_value,
      fmt::format("{} must be {}, not {} (did you mean '{}'?)", reader.subject(), expected, node.found(), *near));
}

bool name_is_good(const Entry& entry, Reader& reader) {
  constexpr std::size_t kLongest = 64;
  const bool good = entry.key.size() <= kLongest && std::ranges::all_of(entry.key, [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                             c == '_' || c == '.';
                    });
  if (!good) {
    reader.error(entry.key_place, Code::config_bad_value,
                 "a name is made of at most 64 letters, digits, '-', '_' and '.'");
  }
  return good;
}

bool list_is_good(const Node& node, Reader& reader, const ListOptions& options) {
  bool good = true;
  if (node.items.size() < options.least || node.items.size() > options.most) {
    const std::string bound = node.items.size() < options.least ? fmt::format("at least {}", options.least)
                                                                : fmt::format("at most {}", options.most);
    reader.error(node.place, Code::config_bad_value,
                 fmt::format("{} must have {} in its list, not {}", reader.subject(), bound, node.items.size()));
    good = false;
  }
  if (options.unique_key.empty()) return good;
  std::unordered_map<std::string, int> lines;
  for (const Node& item : node.items) {
    const Node* value = item.find(options.unique_key);
    if (value == nullptr || value->shape != Shape::scalar) continue;
    const auto [earlier, fresh] = lines.emplace(value->scalar, value->place.line);
    if (fresh) continue;
    reader.error(value->place, Code::config_duplicate_key,
                 fmt::format("two of {} have the {} {} (the first in line {})", reader.subject(), options.unique_key,
                             value->found(), earlier->second));
    good = false;
  }
  return good;
}

DescriptionPtr describe_text(std::string words, std::string pattern) {
  return share({.kind = Description::Kind::text, .words = std::move(words), .pattern = std::move(pattern)});
}

DescriptionPtr describe_choice(std::vector<std::string> words) {
  std::string sentence =
      words.size() == 1 ? fmt::format("`{}`", words[0]) : fmt::format("one of {}", fmt::join(words, ", "));
  return share({.kind = Description::Kind::choice, .words = std::move(sentence), .choices = std::move(words)});
}

DescriptionPtr describe_list(DescriptionPtr item, const ListOptions& options) {
  return share({.kind = Description::Kind::list,
                .words = "a list",
                .least = static_cast<std::int64_t>(options.least),
                .most = static_cast<std::int64_t>(options.most),
                .parts = {std::move(item)}});
}

DescriptionPtr describe_map(DescriptionPtr item) {
  return share({.kind = Description::Kind::map, .words = "a mapping of names", .parts = {std::move(item)}});
}

DescriptionPtr describe_either(std::vector<DescriptionPtr> parts) {
  std::string words;
  for (const DescriptionPtr& part : parts) {
    if (!words.empty()) words += ", or ";
    words += part->words;
  }
  return share({.kind = Description::Kind::either, .words = std::move(words), .parts = std::move(parts)});
}

int fit(const Node& node, const Description& description) {
  using Kind = Description::Kind;
  switch (description.kind) {
    case Kind::text:
    case Kind::integer:
    case Kind::boolean:
    case Kind::choice: return node.shape == Shape::scalar ? 0 : -1;
    case Kind::list: return node.shape == Shape::list ? 0 : -1;
    case Kind::map: return node.shape == Shape::mapping ? 0 : -1;
    case Kind::table: return node.shape == Shape::mapping ? fit_mapping(node, description) : -1;
    case Kind::either: break;
  }
  int best = -1;
  for (const DescriptionPtr& part : description.parts) best = std::max(best, fit(node, *part));
  return best;
}

std::string show_text(std::string_view text) {
  const bool plain = !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '/' || c == '-';
  });
  if (plain && text.front() != '-') return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace symbolon::config::detail
