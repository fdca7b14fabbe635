#include "config/same_section.h"

#include <algorithm>

#include "config/document.h"

namespace symbolon::config {
namespace {

// As deep as a document may be.
bool same(const Node& a, const Node& b) {
  return a.shape == b.shape && a.scalar == b.scalar && a.quoted == b.quoted &&
         std::ranges::equal(a.items, b.items, same) &&
         std::ranges::equal(a.entries, b.entries,
                            [](const Entry& x, const Entry& y) { return x.key == y.key && same(x.value, y.value); });
}

const Node* section(const Result<Document>& document, std::string_view key) {
  return document ? document->root.find(key) : nullptr;
}

}  // namespace

bool same_section(std::string_view key, std::string_view before, std::string_view now) {
  const auto old_document = parse_leniently(before, "");
  const auto new_document = parse_leniently(now, "");
  const Node* const a = section(old_document, key);
  const Node* const b = section(new_document, key);
  return a == nullptr || b == nullptr ? a == b : same(*a, *b);
}

}  // namespace symbolon::config
