#include "config/reference.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace symbolon::config {
namespace {

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string code(std::string_view text) { return text.empty() ? std::string() : fmt::format("`{}`", cell(text)); }

struct Found {
  std::string path;
  const Description* table;
};

// What the value is, in words; the tables in it are left in `found`.
std::string describe(const Description& value, const std::string& path, std::vector<Found>& found) {
  using Kind = Description::Kind;
  switch (value.kind) {
    case Kind::text:
    case Kind::integer:
    case Kind::boolean: return value.words;
    case Kind::choice: return fmt::format("`{}`", fmt::join(value.choices, "` or `"));
    case Kind::list: return "a list, each: " + describe(*value.parts[0], path + "[]", found);
    case Kind::map: return "names of your choice, each: " + describe(*value.parts[0], path + ".NAME", found);
    case Kind::table: found.push_back({path, &value}); return fmt::format("a mapping: `{}`", path);
    case Kind::either: break;
  }
  std::string out;
  for (const DescriptionPtr& part : value.parts) {
    if (!out.empty()) out += "; or ";
    out += describe(*part, path, found);
  }
  return out;
}

void collect(const std::string& path, const Description& description, std::vector<ReferenceTable>& out) {
  ReferenceTable table{path, description.help, {}};
  std::vector<Found> below;
  for (const KeyDescription& key : description.keys) {
    const std::string inside = path.empty() ? key.name : path + "." + key.name;
    table.keys.push_back({key.name, describe(*key.value, inside, below), key.default_text, key.required, key.help.text,
                          key.help.example});
  }
  out.push_back(std::move(table));
  for (const Found& next : below) collect(next.path, *next.table, out);
}

std::string row(const ReferenceKey& key) {
  const std::string fallback = key.required ? "required" : code(key.default_text);
  std::string meaning = key.help;
  if (!key.example.empty()) meaning += fmt::format(" Example: `{}`", key.example);
  return fmt::format("| `{}` | {} | {} | {} |\n", key.name, cell(key.type), fallback, cell(meaning));
}

}  // namespace

std::vector<ReferenceTable> reference_tables(const Description& root) {
  std::vector<ReferenceTable> out;
  collect("", root, out);
  return out;
}

std::string reference(const Description& root) {
  std::string out;
  for (const ReferenceTable& table : reference_tables(root)) {
    if (!out.empty()) out += '\n';
    out += table.path.empty() ? "## The file\n\n" : fmt::format("## `{}`\n\n", table.path);
    if (!table.help.empty()) out += table.help + "\n\n";
    out += "| key | value | default | meaning |\n| --- | --- | --- | --- |\n";
    for (const ReferenceKey& key : table.keys) out += row(key);
  }
  return out;
}

}  // namespace symbolon::config
