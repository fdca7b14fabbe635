// A YAML file as a tree in which every node knows its place. The subset that leaves nothing to guess: one document;
// no anchors, aliases, tags or merge keys; no key twice in a mapping; keys are plain text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "config/place.h"

namespace symbolon::config {

inline constexpr std::size_t kLargestText = 4UL << 20;  // octets of one file: ten thousand rules and to spare
inline constexpr std::size_t kDeepest = 32;             // nested mappings and lists; ours need about 8
inline constexpr std::size_t kMostProblems = 100;       // errors reported of one file

enum class Shape : std::uint8_t { null, scalar, list, mapping };

struct Entry;

struct Node {
  Place place = {};
  Shape shape = Shape::null;
  std::string scalar = {};  // valid UTF-8 without control characters but tab and line feed
  bool quoted = false;      // quoted or a block: text, whatever it looks like
  std::vector<Node> items = {};
  std::vector<Entry> entries;  // in the file's order (no initialiser: clang 19 needs Entry complete for one)

  const Node* find(std::string_view key) const;  // nullptr: not there, or not a mapping
  // "'two'", "a list", "nothing": for messages; long text is cut.
  std::string found() const;
};

struct Entry {
  std::string key;
  Place key_place;
  Node value;
};

// Something wrong at a place.
struct Problem {
  Place place;
  Code code = Code::config_syntax;
  std::string words;
  Error error() const { return {code, words, place.text()}; }
};

struct Document {
  std::string file;
  Path folder;  // of the file; relative paths in it start here
  Node root;
  // What the tree had to leave out: duplicate keys (the first stays), anchors, tags and the like. A document with
  // problems must not be used; `load` adds them to what else is wrong, so that a person sees all at once.
  std::vector<Problem> problems;
};

// Fails with config_syntax where no tree can be made: not UTF-8, NUL or control characters, tab as indentation, broken
// YAML, too large or too deep, nothing in it, several documents. Never throws.
Result<Document> parse_leniently(std::string_view text, std::string file);

// As above, and fails with the first of the problems (config_duplicate_key, config_unsupported_yaml) if there are any.
Result<Document> parse(std::string_view text, std::string file);

}  // namespace symbolon::config
