#include "config/table.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/suggest.h"

namespace symbolon::config {
namespace {

const KeyDescription* find_key(const Description& table, std::string_view name) {
  const auto found = std::ranges::find(table.keys, name, &KeyDescription::name);
  return found == table.keys.end() ? nullptr : &*found;
}

// Whether a value of this description is or may be a mapping with that key.
bool has_key(const Description& value, std::string_view name) {
  if (value.kind == Description::Kind::table) return find_key(value, name) != nullptr;
  return value.kind == Description::Kind::either &&
         std::ranges::any_of(value.parts, [&](const DescriptionPtr& part) { return has_key(*part, name); });
}

std::optional<std::string> nearest_key(const Description& table, const std::string& word) {
  std::vector<std::string> names;
  for (const KeyDescription& key : table.keys) names.push_back(key.name);
  return nearest(word, names);
}

std::string suggestion(const Description& table, const std::string& word) {
  for (const KeyDescription& key : table.keys) {
    if (has_key(*key.value, word)) return fmt::format(" (it belongs under '{}')", key.name);
  }
  const auto near = nearest_key(table, word);
  return near ? fmt::format(" (did you mean '{}'?)", *near) : std::string();
}

// Whether one of the mapping's unknown keys looks like this one: then saying that it is missing would be noise.
bool misspelt(const Description& table, const Node& node, std::string_view name) {
  if (node.entries.size() > kMostProblems) return false;  // not a table that somebody wrote
  return std::ranges::any_of(node.entries, [&](const Entry& entry) {
    return find_key(table, entry.key) == nullptr && nearest_key(table, entry.key) == name;
  });
}

}  // namespace

TableShape::TableShape(std::string label, std::string help) : description_(std::make_shared<Description>()) {
  description_->kind = Description::Kind::table;
  description_->words = "a mapping";
  description_->label = std::move(label);
  description_->help = std::move(help);
}

void TableShape::add(KeyDescription key) {
  ENSURE(find_key(*description_, key.name) == nullptr);
  const bool first = std::ranges::none_of(description_->keys, &KeyDescription::required);
  if (key.required && first) description_->words = fmt::format("a mapping with '{}'", key.name);
  description_->keys.push_back(std::move(key));
}

void TableShape::check_keys(const Node& node, Reader& reader) const {
  std::size_t told = 0;
  for (const Entry& entry : node.entries) {
    if (find_key(*description_, entry.key) == nullptr) {
      const Node shown{.place = entry.key_place, .shape = Shape::scalar, .scalar = entry.key, .entries = {}};
      const std::string hint = told++ < kMostProblems ? suggestion(*description_, entry.key) : "";
      reader.error(entry.key_place, Code::config_unknown_key,
                   fmt::format("unknown key {}{}{}", shown.found(), reader.in_scope(), hint));
    } else if (entry.value.scalar != "false") {
      reader.note_weakening(entry.key_place, entry.key);
    }
  }
  for (const KeyDescription& key : description_->keys) {
    if (!key.required || node.find(key.name) != nullptr || misspelt(*description_, node, key.name)) continue;
    reader.error(node.place, Code::config_missing_key,
                 fmt::format("key '{}' is missing{}", key.name, reader.in_scope()));
  }
}

std::string TableShape::name_of(const Node& node) {
  const Node* name = node.find("name");
  return name != nullptr && name->shape == Shape::scalar ? name->scalar : std::string();
}

}  // namespace symbolon::config
