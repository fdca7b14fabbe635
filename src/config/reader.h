// What is known while a tree is read: where we are, what was wrong so far, what weakens security.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "config/document.h"
#include "config/place.h"

namespace symbolon::config {

// Something that is allowed and should be said at the start: "insecure_none is set for route 'web'".
struct Warning {
  Place place;
  std::string words;
  std::string text() const { return place.text() + ": " + words; }
  bool operator==(const Warning&) const = default;
};

class Reader {
 public:
  explicit Reader(Path folder) : folder_(std::move(folder)) {}

  const Path& folder() const { return folder_; }

  void error(const Place& place, Code code, std::string words);
  // "'depth' in route 'web' must be <expected>, not 'two'": config_wrong_type for a wrong shape, else config_bad_value.
  void must_be(const Node& node, std::string_view expected);
  void must_be(const Node& node, std::string_view expected, Code code);
  void warn(const Place& place, std::string words);
  // Warns when `word`, a key or a keyword, begins with "insecure_".
  void note_weakening(const Place& place, std::string_view word);

  // "'depth' in route 'web'", "route 'web'": what is being read.
  std::string subject() const;
  // " in route 'web'" or nothing: the innermost thing with a name.
  std::string in_scope() const;
  std::string thing() const;  // "route 'web'", or nothing

  const std::vector<Problem>& problems() const { return problems_; }
  const std::vector<Warning>& warnings() const { return warnings_; }
  // Every file that was named, so that a process can be given these and no others.
  void note_path(const Path& path) { paths_.push_back(path); }
  const std::vector<Path>& paths() const { return paths_; }
  // In the order of the file, the first at each place only (the rest follow from it), at most kMostProblems.
  std::vector<Error> sorted_errors() const;

  // While it lives, messages speak of this table or key.
  class Scope {
   public:
    ~Scope() { reader_.frames_.pop_back(); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    friend class Reader;
    explicit Scope(Reader& reader) : reader_(reader) {}
    Reader& reader_;
  };
  Scope in_table(std::string label, std::string name);  // "route", "web"; an empty name: unnamed
  Scope in_key(std::string key);
  Scope in_entry(std::string name);  // of a map: the name of the table that is read next

  // A reader at the same place that has found nothing yet: to try a reading whose errors do not count.
  Reader trial() const;
  void adopt_notes(const Reader& trial);  // its warnings and paths

 private:
  struct Frame {
    std::string thing;  // "route 'web'"; empty in a key's frame
    std::string key = {};
    std::string entry = {};  // the name that a map gives to what is in it
    bool named = false;
  };
  Path folder_;
  std::vector<Frame> frames_;
  std::vector<Problem> problems_;
  std::vector<Warning> warnings_;
  std::vector<Path> paths_;
};

}  // namespace symbolon::config
