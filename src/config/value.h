// The types that a value of the configuration can have. Each reads one node into a C++ value, and describes itself.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "config/description.h"
#include "config/document.h"
#include "config/reader.h"

namespace symbolon::config {

template <typename T>
struct Value {
  using Type = T;
  // The value, or nothing after at least one reader.error().
  std::function<std::optional<T>(const Node&, Reader&)> read;
  // YAML of a value, for defaults in the reference; empty: not to be shown. May be unset.
  std::function<std::string(const T&)> show = {};
  DescriptionPtr description;
};

struct Range {
  std::int64_t least;
  std::int64_t most;
};

// Any scalar but null, plain or quoted, not empty.
Value<std::string> string();
// May be empty ("").
Value<std::string> string_or_empty();
// Decimal, plain (never quoted), within the range, both ends included.
Value<std::int64_t> integer(std::int64_t least, std::int64_t most);
// `true` or `false`, plain; `yes`, `on` and quoted ones are errors.
Value<bool> boolean();
// base/clock.h's parse_duration, within the range.
Value<Seconds> duration();
Value<Seconds> duration(Seconds least, Seconds most);
// Octets: "64KiB", "10MiB", "1GiB", "512B"; within the range. A number without a unit is an error.
Value<std::uint64_t> size(std::uint64_t least, std::uint64_t most);
// A path; a relative one starts at the folder of the configuration file. Not checked for existence.
Value<Path> path();

// A scalar that `parse` understands. `words` complete "must be ...": "an endpoint such as :8443".
// The error's code stays if it is one of config_..., else it becomes config_bad_value; its words are kept.
template <typename T, typename Parse>
Value<T> parsed(std::string words, Parse parse);

// One of several words. A word that begins with "insecure_" gives a warning.
template <typename E>
Value<E> choice(std::vector<std::pair<std::string, E>> words);

struct ListOptions {
  std::size_t least = 0;
  std::size_t most = 10'000;
  std::string unique_key =
      {};  // "name": of two mappings in the list with the same scalar there, the second is an error
};
template <typename T>
Value<std::vector<T>> list_of(Value<T> item, ListOptions options = {});
// One value, or a list of them.
template <typename T>
Value<std::vector<T>> one_or_list(Value<T> item, ListOptions options = {.least = 1});

// A mapping whose keys are names of the user's choice: letters, digits, '-', '_', '.', at most 64.
template <typename T>
Value<std::map<std::string, T>> map_of(Value<T> item);

// The same value as another type: convert(A) gives T or Result<T>.
template <typename T, typename A, typename Convert>
Value<T> as(Value<A> value, Convert convert);
template <typename T, typename A>
Value<T> as(Value<A> value);

// The first alternative that fits: by shape (scalar, list, mapping), scalars by reading, mappings by the keys they
// share with each table, so that a spelling error is explained by the table that was meant.
template <typename T>
Value<T> either(std::vector<Value<T>> alternatives);

}  // namespace symbolon::config

#include "config/value_templates.h"  // IWYU pragma: keep
