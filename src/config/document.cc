#include "config/document.h"

#include <fmt/format.h>

namespace symbolon::config {

const Node* Node::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

std::string Node::found() const {
  constexpr std::size_t kShown = 60;
  switch (shape) {
    case Shape::null: return "nothing";
    case Shape::list: return "a list";
    case Shape::mapping: return "a mapping";
    case Shape::scalar: break;
  }
  std::string text = scalar;
  if (text.size() > kShown) {
    std::size_t cut = kShown;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80) --cut;  // not inside a character
    text.resize(cut);
    text += "...";
  }
  for (char& c : text) {
    if (c == '\n' || c == '\t') c = ' ';
  }
  return quoted ? fmt::format("the text '{}'", text) : fmt::format("'{}'", text);
}

Result<Document> parse(std::string_view text, std::string file) {
  Document document = TRY(parse_leniently(text, std::move(file)));
  if (!document.problems.empty()) return std::unexpected(document.problems.front().error());
  return document;
}

}  // namespace symbolon::config
