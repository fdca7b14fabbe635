// Which keys a mapping has, bound to the members of a struct: the one place where a section of the configuration is
// declared. Reading, the reference (reference.h) and the JSON schema (schema.h) come from it.
//
//   struct Route { std::string name; int depth = 2; std::optional<Path> log; config::Place place; };
//   Table<Route> route_table() {
//     Table<Route> t("route", "One port and what stands behind it.");
//     t.required("name", &Route::name, string(), "What records call it.")
//         .optional("depth", &Route::depth, integer(0, 9), {"Intermediates at most.", "2"})
//         .optional("log", &Route::log, path(), "...")
//         .place(&Route::place);
//     return t;
//   }
//   ... t.optional("routes", &Gateway::routes, list_of(table(route_table()), {.unique_key = "name"}), "...");
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "config/reader.h"
#include "config/value.h"

namespace symbolon::config {

// The part of a table that does not depend on the struct.
class TableShape {
 public:
  TableShape(std::string label, std::string help);
  void add(KeyDescription key);
  const std::shared_ptr<Description>& description() const { return description_; }
  // Reports unknown and missing keys, and notes those that weaken.
  void check_keys(const Node& node, Reader& reader) const;
  // The `name` of the mapping, where it has one.
  static std::string name_of(const Node& node);

 private:
  std::shared_ptr<Description> description_;
};

// T is default-constructible; its member initialisers are the defaults of optional keys (and shown in the reference).
// An optional key may be bound to std::optional<M>. Integer members take any integer() whose range they hold.
template <typename T>
class Table {
 public:
  // `label` is what messages call one of these: "route" gives "route 'web'". Empty: the whole file.
  explicit Table(std::string label, std::string help = {}) : shape_(std::move(label), std::move(help)) {}

  template <typename B, typename M, typename V>
  Table& required(const std::string& key, M B::* member, Value<V> value, Help help);
  template <typename B, typename M, typename V>
  Table& optional(const std::string& key, M B::* member, Value<V> value, Help help);
  // Called when everything else is right; its error stands at the key's value if there is one, else at the mapping.
  Table& check(std::function<Status(const T&)> rule, std::string key = {});
  // Where the mapping stands is written to this member.
  template <typename B>
  Table& place(Place B::* member);

  std::optional<T> read(const Node& node, Reader& reader) const;
  DescriptionPtr description() const { return shape_.description(); }

 private:
  struct Key {
    std::string name;
    std::function<void(const Node&, Reader&, T&)> read;
  };
  struct Check {
    std::function<Status(const T&)> rule;
    std::string key;
  };
  template <typename B, typename M, typename V>
  void add(KeyDescription key, M B::* member, Value<V> value);

  TableShape shape_;
  std::vector<Key> keys_;
  std::vector<Check> checks_;
  std::function<void(const Place&, T&)> place_;
};

template <typename T>
Value<T> table(Table<T> t);

}  // namespace symbolon::config

#include "config/table_templates.h"  // IWYU pragma: keep
