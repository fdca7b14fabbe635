#include "config/reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace symbolon::config {

void Reader::error(const Place& place, Code code, std::string words) {
  problems_.push_back({place, code, std::move(words)});
}

void Reader::must_be(const Node& node, std::string_view expected) {
  must_be(node, expected, node.shape == Shape::scalar ? Code::config_bad_value : Code::config_wrong_type);
}

void Reader::must_be(const Node& node, std::string_view expected, Code code) {
  if (node.shape == Shape::null) {
    error(node.place, code, fmt::format("{} is empty; it must be {}", subject(), expected));
  } else {
    error(node.place, code, fmt::format("{} must be {}, not {}", subject(), expected, node.found()));
  }
}

void Reader::warn(const Place& place, std::string words) { warnings_.push_back({place, std::move(words)}); }

void Reader::note_weakening(const Place& place, std::string_view word) {
  if (!word.starts_with("insecure_")) return;
  const std::string thing = this->thing();
  warn(place, thing.empty() ? fmt::format("{} is set", word) : fmt::format("{} is set for {}", word, thing));
}

std::string Reader::thing() const {
  for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame) {
    if (frame->named) return frame->thing;
  }
  for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame) {
    if (!frame->thing.empty()) return frame->thing;
  }
  return {};
}

std::string Reader::in_scope() const {
  const std::string inner = thing();
  return inner.empty() ? inner : " in " + inner;
}

std::string Reader::subject() const {
  if (frames_.empty()) return "the file";
  if (!frames_.back().key.empty()) return fmt::format("'{}'{}", frames_.back().key, in_scope());
  const std::string inner = thing();
  return inner.empty() ? "the file" : inner;
}

std::vector<Error> Reader::sorted_errors() const {
  std::vector<const Problem*> sorted;
  for (const Problem& problem : problems_) sorted.push_back(&problem);
  // Of two at one place, the one that was found first stands first.
  std::ranges::sort(
      sorted, [](const Problem* a, const Problem* b) { return a->place == b->place ? a < b : a->place < b->place; });
  std::vector<Error> out;
  const Place* last = nullptr;
  for (const Problem* problem : sorted) {
    if (out.size() >= kMostProblems) break;
    if (last != nullptr && *last == problem->place && problem->code != Code::config_missing_key) continue;
    out.push_back(problem->error());
    last = &problem->place;
  }
  return out;
}

Reader::Scope Reader::in_table(std::string label, std::string name) {
  if (name.empty() && !frames_.empty()) name = frames_.back().entry;
  Frame frame;
  frame.named = !label.empty() && !name.empty();
  frame.thing = frame.named ? fmt::format("{} '{}'", label, name) : std::move(label);
  frames_.push_back(std::move(frame));
  return Scope(*this);
}

Reader::Scope Reader::in_key(std::string key) {
  Frame frame;
  frame.key = std::move(key);
  frames_.push_back(std::move(frame));
  return Scope(*this);
}

Reader::Scope Reader::in_entry(std::string name) {
  Frame frame;
  frame.key = name;
  frame.entry = std::move(name);
  frames_.push_back(std::move(frame));
  return Scope(*this);
}

Reader Reader::trial() const {
  Reader out(folder_);
  out.frames_ = frames_;
  return out;
}

void Reader::adopt_notes(const Reader& trial) {
  warnings_.insert(warnings_.end(), trial.warnings_.begin(), trial.warnings_.end());
  paths_.insert(paths_.end(), trial.paths_.begin(), trial.paths_.end());
}

}  // namespace symbolon::config
