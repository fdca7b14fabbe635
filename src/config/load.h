// From the text of a file to a struct, with everything that is wrong said at once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"
#include "config/reader.h"
#include "config/table.h"

namespace symbolon::config {

template <typename T>
struct Loaded {
  std::optional<T> value;     // only when there are no errors
  std::vector<Error> errors;  // in the order of the file
  std::vector<Warning> warnings;
  std::vector<Path> paths = {};  // files that it names

  // The value, or the first error (its words tell how many more there are).
  Result<T> result() &&;
};

// `file` is the name that messages carry; relative paths start at its folder.
template <typename T>
Loaded<T> load(std::string_view text, const std::string& file, const Table<T>& table);
// Reads the file first: its errors are those of base/file.h.
template <typename T>
Loaded<T> load_file(const Path& file, const Table<T>& table);

// All errors, one a line, as the command line prints them.
std::string to_text(const std::vector<Error>& errors);

// The first of several, saying how many there are besides. `errors` is not empty.
Error first_of(const std::vector<Error>& errors);

template <typename T>
Result<T> Loaded<T>::result() && {
  if (!errors.empty()) return std::unexpected(first_of(errors));
  ENSURE(value.has_value());
  return std::move(*value);
}

template <typename T>
Loaded<T> load(std::string_view text, const std::string& file, const Table<T>& table) {
  auto document = parse_leniently(text, file);
  if (!document) return {.value = std::nullopt, .errors = {std::move(document).error()}, .warnings = {}};
  Reader reader(document->folder);
  for (const Problem& problem : document->problems) reader.error(problem.place, problem.code, problem.words);
  auto value = table.read(document->root, reader);
  if (!reader.problems().empty()) value.reset();
  return {.value = std::move(value),
          .errors = reader.sorted_errors(),
          .warnings = reader.warnings(),
          .paths = reader.paths()};
}

template <typename T>
Loaded<T> load_file(const Path& file, const Table<T>& table) {
  auto text = read_file(file, kLargestText);
  if (!text) return {.value = std::nullopt, .errors = {std::move(text).error()}, .warnings = {}};
  return load(*text, file.string(), table);
}

}  // namespace symbolon::config
