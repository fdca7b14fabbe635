// The templates of value.h.
#pragma once

#include <set>
#include <type_traits>

#include "config/value.h"

namespace symbolon::config {

namespace detail {

// A parse error's words at the node, or the general "must be".
void report(const Node& node, Reader& reader, const Error& error);
void report_choice(const Node& node, Reader& reader, const Description& choice);
// Whether a mapping key may name an entry of a map; reports it.
bool name_is_good(const Entry& entry, Reader& reader);
bool list_is_good(const Node& node, Reader& reader, const ListOptions& options);
DescriptionPtr describe_text(std::string words, std::string pattern);
DescriptionPtr describe_choice(std::vector<std::string> words);
DescriptionPtr describe_list(DescriptionPtr item, const ListOptions& options);
DescriptionPtr describe_map(DescriptionPtr item);
DescriptionPtr describe_either(std::vector<DescriptionPtr> parts);
// How well the node's shape and keys fit; negative: not at all.
int fit(const Node& node, const Description& description);
// A plain or quoted scalar as YAML.
std::string show_text(std::string_view text);

template <typename T>
struct IsResult : std::false_type {};
template <typename T>
struct IsResult<Result<T>> : std::true_type {};

}  // namespace detail

template <typename T, typename Parse>
Value<T> parsed(std::string words, Parse parse) {
  auto read = [parse, words](const Node& node, Reader& reader) -> std::optional<T> {
    if (node.shape != Shape::scalar) {
      reader.must_be(node, words);
      return std::nullopt;
    }
    Result<T> value = parse(std::string_view(node.scalar));
    if (value) return std::move(*value);
    detail::report(node, reader, value.error());
    return std::nullopt;
  };
  return {.read = std::move(read), .description = detail::describe_text(std::move(words), {})};
}

template <typename E>
Value<E> choice(std::vector<std::pair<std::string, E>> words) {
  std::vector<std::string> names;
  for (const auto& [word, meaning] : words) names.push_back(word);
  const DescriptionPtr description = detail::describe_choice(names);
  auto read = [words, description](const Node& node, Reader& reader) -> std::optional<E> {
    if (node.shape == Shape::scalar) {
      for (const auto& [word, meaning] : words) {
        if (word != node.scalar) continue;
        reader.note_weakening(node.place, word);
        return meaning;
      }
    }
    detail::report_choice(node, reader, *description);
    return std::nullopt;
  };
  auto show = [words](const E& value) -> std::string {
    for (const auto& [word, meaning] : words) {
      if (meaning == value) return word;
    }
    return {};
  };
  return {.read = std::move(read), .show = std::move(show), .description = description};
}

template <typename T>
Value<std::vector<T>> list_of(Value<T> item, ListOptions options) {
  DescriptionPtr description = detail::describe_list(item.description, options);
  auto show = [show_item = item.show](const std::vector<T>& values) -> std::string {
    std::string out = "[";
    for (const auto& value : values) {
      if (!show_item) return {};
      if (out.size() > 1) out += ", ";
      out += show_item(value);
    }
    return out + "]";
  };
  auto read = [item, options, description](const Node& node, Reader& reader) -> std::optional<std::vector<T>> {
    if (node.shape != Shape::list) {
      reader.must_be(node, description->words, Code::config_wrong_type);
      return std::nullopt;
    }
    bool good = detail::list_is_good(node, reader, options);
    std::vector<T> out;
    for (const Node& child : node.items) {
      auto value = item.read(child, reader);
      if (value) {
        out.push_back(std::move(*value));
      } else {
        good = false;
      }
    }
    if (!good) return std::nullopt;
    return out;
  };
  return {.read = std::move(read), .show = std::move(show), .description = std::move(description)};
}

template <typename T>
Value<std::vector<T>> one_or_list(Value<T> item, ListOptions options) {
  Value<std::vector<T>> list = list_of(item, options);
  auto read = [item, list](const Node& node, Reader& reader) -> std::optional<std::vector<T>> {
    if (node.shape == Shape::list) return list.read(node, reader);
    auto value = item.read(node, reader);
    if (!value) return std::nullopt;
    std::vector<T> out;
    out.push_back(std::move(*value));
    return out;
  };
  DescriptionPtr description = detail::describe_either({item.description, list.description});
  return {.read = std::move(read), .show = std::move(list.show), .description = std::move(description)};
}

template <typename T>
Value<std::map<std::string, T>> map_of(Value<T> item) {
  DescriptionPtr description = detail::describe_map(item.description);
  auto show = [](const std::map<std::string, T>& value) { return std::string(value.empty() ? "{}" : ""); };
  auto read = [item, description](const Node& node, Reader& reader) -> std::optional<std::map<std::string, T>> {
    if (node.shape != Shape::mapping) {
      reader.must_be(node, description->words, Code::config_wrong_type);
      return std::nullopt;
    }
    std::map<std::string, T> out;
    bool good = true;
    for (const Entry& entry : node.entries) {
      const auto scope = reader.in_entry(entry.key);
      const bool named = detail::name_is_good(entry, reader);
      auto value = item.read(entry.value, reader);
      good = good && named && value;
      if (value) out.emplace(entry.key, std::move(*value));
    }
    if (!good) return std::nullopt;
    return out;
  };
  return {.read = std::move(read), .show = std::move(show), .description = std::move(description)};
}

template <typename T, typename A, typename Convert>
Value<T> as(Value<A> value, Convert convert) {
  auto read = [value, convert](const Node& node, Reader& reader) -> std::optional<T> {
    auto inner = value.read(node, reader);
    if (!inner) return std::nullopt;
    auto outer = convert(std::move(*inner));
    if constexpr (detail::IsResult<decltype(outer)>::value) {
      if (outer) return T(std::move(*outer));
      detail::report(node, reader, outer.error());
      return std::nullopt;
    } else {
      return T(std::move(outer));
    }
  };
  return {.read = std::move(read), .description = value.description};
}

template <typename T, typename A>
Value<T> as(Value<A> value) {
  return as<T>(std::move(value), [](A&& inner) { return T(std::move(inner)); });
}

template <typename T>
Value<T> either(std::vector<Value<T>> alternatives) {
  std::vector<DescriptionPtr> parts;
  for (const auto& alternative : alternatives) parts.push_back(alternative.description);
  DescriptionPtr description = detail::describe_either(parts);
  auto read = [alternatives, description](const Node& node, Reader& reader) -> std::optional<T> {
    const Value<T>* best = nullptr;
    int best_fit = -1;
    bool several = false;
    for (const auto& alternative : alternatives) {
      const int fits = detail::fit(node, *alternative.description);
      if (fits < 0) continue;
      several = best != nullptr;
      if (node.shape != Shape::mapping) {
        Reader trial = reader.trial();
        auto value = alternative.read(node, trial);
        if (value) {
          reader.adopt_notes(trial);
          return value;
        }
      }
      if (fits > best_fit) {
        best = &alternative;
        best_fit = fits;
      }
    }
    if (best == nullptr || (several && node.shape != Shape::mapping)) {
      reader.must_be(node, description->words, best == nullptr ? Code::config_wrong_type : Code::config_bad_value);
      return std::nullopt;
    }
    return best->read(node, reader);
  };
  return {.read = std::move(read), .description = std::move(description)};
}

}  // namespace symbolon::config
