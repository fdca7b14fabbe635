#include "config/reference.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace symbolon::config {
namespace {

struct Section {
  std::string path;
  const Description* table;
};

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string code(std::string_view text) { return text.empty() ? std::string() : fmt::format("`{}`", cell(text)); }

// What the value is, in words; the tables in it are left in `sections`.
std::string describe(const Description& value, const std::string& path, std::vector<Section>& sections) {
  using Kind = Description::Kind;
  switch (value.kind) {
    case Kind::text:
    case Kind::integer:
    case Kind::boolean: return value.words;
    case Kind::choice: return fmt::format("`{}`", fmt::join(value.choices, "` or `"));
    case Kind::list: return "a list, each: " + describe(*value.parts[0], path + "[]", sections);
    case Kind::map: return "names of your choice, each: " + describe(*value.parts[0], path + ".NAME", sections);
    case Kind::table: sections.push_back({path, &value}); return fmt::format("a mapping: `{}`", path);
    case Kind::either: break;
  }
  std::string out;
  for (const DescriptionPtr& part : value.parts) {
    if (!out.empty()) out += "; or ";
    out += describe(*part, path, sections);
  }
  return out;
}

std::string row(const KeyDescription& key, const std::string& type) {
  const std::string fallback = key.required ? "required" : code(key.default_text);
  std::string meaning = key.help.text;
  if (!key.help.example.empty()) meaning += fmt::format(" Example: `{}`", key.help.example);
  return fmt::format("| `{}` | {} | {} | {} |\n", key.name, cell(type), fallback, cell(meaning));
}

void write(const Section& section, std::string& out) {
  out += section.path.empty() ? "## The file\n\n" : fmt::format("## `{}`\n\n", section.path);
  if (!section.table->help.empty()) out += section.table->help + "\n\n";
  out += "| key | value | default | meaning |\n| --- | --- | --- | --- |\n";
  std::vector<Section> below;
  for (const KeyDescription& key : section.table->keys) {
    const std::string path = section.path.empty() ? key.name : section.path + "." + key.name;
    out += row(key, describe(*key.value, path, below));
  }
  for (const Section& next : below) {
    out += '\n';
    write(next, out);
  }
}

}  // namespace

std::string reference(const Description& root) {
  std::string out;
  write({"", &root}, out);
  return out;
}

}  // namespace symbolon::config
