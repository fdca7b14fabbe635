// The templates of table.h.
#pragma once

#include <limits>

#include "config/table.h"

namespace symbolon::config {

namespace detail {

template <typename M>
struct Unwrapped {
  using Type = M;
};
template <typename M>
struct Unwrapped<std::optional<M>> {
  using Type = M;
};

// The member from what was read. Narrower integers are checked: the table's range is a promise of ours.
template <typename M, typename V>
void assign(M& member, V&& value) {
  using Plain = typename Unwrapped<M>::Type;
  using From = std::remove_cvref_t<V>;
  static_assert(std::is_same_v<Plain, bool> == std::is_same_v<From, bool>, "boolean() goes with bool");
  if constexpr (std::is_integral_v<Plain> && std::is_integral_v<From> && !std::is_same_v<Plain, bool>) {
    ENSURE(std::in_range<Plain>(value));
    member = static_cast<Plain>(value);
  } else {
    member = std::forward<V>(value);
  }
}

template <typename M, typename V>
std::string default_text(const M& member, const Value<V>& value) {
  if (!value.show) return {};
  using Plain = typename Unwrapped<M>::Type;
  if constexpr (std::is_same_v<M, Plain>) {
    if constexpr (std::is_integral_v<M> && std::is_integral_v<V>) {
      return value.show(static_cast<V>(member));
    } else if constexpr (std::is_same_v<M, V>) {
      return value.show(member);
    }
  }
  return {};
}

}  // namespace detail

template <typename T>
template <typename B, typename M, typename V>
Table<T>& Table<T>::required(const std::string& key, M B::* member, Value<V> value, Help help) {
  KeyDescription described{.name = key, .required = true, .default_text = {}, .help = std::move(help), .value = {}};
  add(std::move(described), member, std::move(value));
  return *this;
}

template <typename T>
template <typename B, typename M, typename V>
Table<T>& Table<T>::optional(const std::string& key, M B::* member, Value<V> value, Help help) {
  const T defaults{};
  std::string shown = detail::default_text(defaults.*member, value);
  KeyDescription described{
      .name = key, .required = false, .default_text = std::move(shown), .help = std::move(help), .value = {}};
  add(std::move(described), member, std::move(value));
  return *this;
}

template <typename T>
template <typename B, typename M, typename V>
void Table<T>::add(KeyDescription key, M B::* member, Value<V> value) {
  static_assert(std::is_base_of_v<B, T>);
  ENSURE(value.read && value.description);
  key.value = std::move(value.description);
  keys_.push_back({key.name, [member, read = std::move(value.read)](const Node& node, Reader& reader, T& out) {
                     auto got = read(node, reader);
                     if (got) detail::assign(out.*member, std::move(*got));
                   }});
  shape_.add(std::move(key));
}

template <typename T>
Table<T>& Table<T>::check(std::function<Status(const T&)> rule, std::string key) {
  checks_.push_back({std::move(rule), std::move(key)});
  return *this;
}

template <typename T>
template <typename B>
Table<T>& Table<T>::place(Place B::* member) {
  place_ = [member](const Place& place, T& out) { out.*member = place; };
  return *this;
}

template <typename T>
std::optional<T> Table<T>::read(const Node& node, Reader& reader) const {
  if (node.shape != Shape::mapping) {
    reader.must_be(node, shape_.description()->words, Code::config_wrong_type);
    return std::nullopt;
  }
  const std::size_t before = reader.problems().size();
  const auto scope = reader.in_table(shape_.description()->label, TableShape::name_of(node));
  shape_.check_keys(node, reader);
  T out{};
  for (const Key& key : keys_) {
    const Node* value = node.find(key.name);
    if (value == nullptr) continue;
    const auto key_scope = reader.in_key(key.name);
    key.read(*value, reader, out);
  }
  if (place_) place_(node.place, out);
  if (reader.problems().size() != before) return std::nullopt;
  for (const Check& check : checks_) {
    const Status status = check.rule(out);
    if (status) continue;
    const Node* value = check.key.empty() ? nullptr : node.find(check.key);
    reader.error(value == nullptr ? node.place : value->place, status.error().code, status.error().words);
  }
  if (reader.problems().size() != before) return std::nullopt;
  return out;
}

template <typename T>
Value<T> table(Table<T> t) {
  DescriptionPtr description = t.description();
  return {.read = [t = std::move(t)](const Node& node, Reader& reader) { return t.read(node, reader); },
          .description = std::move(description)};
}

}  // namespace symbolon::config
