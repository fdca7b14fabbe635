// What a value may be, as data: the reference, the JSON schema and the suggestions for typing errors are made from it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace symbolon::config {

struct Description;
using DescriptionPtr = std::shared_ptr<const Description>;

// Help for a key. Implicit from text, so that tables read as a list.
struct Help {
  std::string text;
  std::string example = {};
  Help(const char* words) : text(words) {}  // NOLINT: implicit on purpose
  Help(std::string words, std::string shown) : text(std::move(words)), example(std::move(shown)) {}
};

struct KeyDescription {
  std::string name;
  bool required = false;
  std::string default_text;  // YAML; empty: none
  Help help;
  DescriptionPtr value;
};

// The pattern of text that is not empty.
inline constexpr const char* kAnyText = "[\\s\\S]";

struct Description {
  enum class Kind : std::uint8_t { text, integer, boolean, choice, list, map, table, either };
  Kind kind = Kind::text;
  std::string words = {};    // "a duration such as 90d", as in "must be ..."
  std::string pattern = {};  // text: an ECMA-262 regular expression that every value matches; empty: anything
  std::optional<std::int64_t> least = {};  // integer: the value; list: how many
  std::optional<std::int64_t> most = {};
  std::vector<std::string> choices = {};
  std::vector<DescriptionPtr> parts = {};  // list, map: one; either: the alternatives
  std::string label = {};                  // table: "route"
  std::string help = {};                   // table
  std::vector<KeyDescription> keys = {};   // table
};

}  // namespace symbolon::config
