// How wire objects are read and written: each type lists its members once, in members.h, for both directions.
// Internal to api/.
#pragma once

#include <boost/json.hpp>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"

namespace symbolon::api {

// What a text may be. Octets of UTF-8.
struct TextBounds {
  enum class Characters : std::uint8_t { any, no_controls };
  std::size_t least = 0;
  std::size_t most = 1024;
  Characters characters = Characters::no_controls;
};
inline constexpr TextBounds kName{.least = 1, .most = 256};
inline constexpr TextBounds kLine{.least = 0, .most = 4096};
inline constexpr TextBounds kWords{.least = 0, .most = 65536, .characters = TextBounds::Characters::any};
inline constexpr TextBounds kPem{.least = 0, .most = 262144, .characters = TextBounds::Characters::any};
inline constexpr TextBounds kSomePem{.least = 1, .most = 262144, .characters = TextBounds::Characters::any};

struct IntegerBounds {
  std::int64_t least = 0;
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
};

struct ListBounds {
  std::size_t most = 1000;
  TextBounds item = kLine;
};

Status check_text(std::string_view text, const TextBounds& bounds);

// -- one value from JSON ------------------------------------------------------------------------------------------
Result<std::string> read_text(const boost::json::value& value, const TextBounds& bounds);
Result<std::int64_t> read_integer(const boost::json::value& value, const IntegerBounds& bounds);
Result<bool> read_boolean(const boost::json::value& value);
Result<UnixSeconds> read_time(const boost::json::value& value);  // RFC 3339
Result<Seconds> read_duration(const boost::json::value& value);  // "90d"

// "'names[3]': it is empty", and around it "'certificates[0].names[3]': it is empty".
Error at_member(std::string_view member, Error error);
Error inside_member(std::string_view member, Error error);

enum class UnknownMembers : std::uint8_t { refused, passed_over };

class Reader {
 public:
  Reader(const boost::json::object& object, UnknownMembers unknown) : object_(object), unknown_(unknown) {}

  template <typename T, typename... Bounds>
  void required(const char* name, T& field, const Bounds&... bounds) {
    const boost::json::value* value = take(name);
    if (value == nullptr) return refuse(name, {Code::bad_request, "it is missing"});
    read(name, *value, field, bounds...);
  }
  // Absent: the field keeps its default.
  template <typename T, typename... Bounds>
  void defaulted(const char* name, T& field, const Bounds&... bounds) {
    if (const boost::json::value* value = take(name)) read(name, *value, field, bounds...);
  }
  template <typename T, typename... Bounds>
  void optional(const char* name, std::optional<T>& field, const Bounds&... bounds) {
    if (const boost::json::value* value = take(name)) read(name, *value, field.emplace(), bounds...);
  }

  // After all members were asked for: unknown ones are refused, or passed over.
  Status finish() const;

 private:
  const boost::json::value* take(const char* name);
  void refuse(Error error);
  void refuse(std::string_view name, Error error) { refuse(at_member(name, std::move(error))); }
  template <typename T>
  void keep(const char* name, T& field, Result<T> value) {
    if (value) {
      field = *std::move(value);
    } else {
      refuse(name, std::move(value).error());
    }
  }

  void read(const char* name, const boost::json::value& value, std::string& field, const TextBounds& bounds) {
    keep(name, field, read_text(value, bounds));
  }
  void read(const char* name, const boost::json::value& value, Secret& field, const TextBounds& bounds) {
    auto text = read_text(value, bounds);
    if (!text) return refuse(name, std::move(text).error());
    field = Secret(*text);
    explicit_bzero(text->data(), text->size());
  }
  void read(const char* name, const boost::json::value& value, std::int64_t& field, const IntegerBounds& bounds) {
    keep(name, field, read_integer(value, bounds));
  }
  void read(const char* name, const boost::json::value& value, bool& field) { keep(name, field, read_boolean(value)); }
  void read(const char* name, const boost::json::value& value, UnixSeconds& field) {
    keep(name, field, read_time(value));
  }
  void read(const char* name, const boost::json::value& value, Seconds& field) {
    keep(name, field, read_duration(value));
  }
  template <typename E>
    requires std::is_enum_v<E>
  void read(const char* name, const boost::json::value& value, E& field,
            std::optional<E> (*from_name)(std::string_view)) {
    auto text = read_text(value, kName);
    if (!text) return refuse(name, std::move(text).error());
    if (const auto known = from_name(*text)) {
      field = *known;
    } else {
      refuse(name, {Code::bad_request, fmt::format("'{}' is none of its values", *text)});
    }
  }
  template <typename T>
  void read(const char* name, const boost::json::value& value, std::vector<T>& field, const ListBounds& bounds) {
    const auto* array = value.if_array();
    if (array == nullptr) return refuse(name, {Code::bad_request, "a list is expected"});
    if (array->size() > bounds.most) {
      return refuse(name,
                    {Code::bad_request, fmt::format("{} items, at most {} are taken", array->size(), bounds.most)});
    }
    field.clear();
    for (std::size_t i = 0; i < array->size() && outcome_; ++i) {
      const std::string item = fmt::format("{}[{}]", name, i);
      if constexpr (std::is_same_v<T, std::string>) {
        read(item.c_str(), (*array)[i], field.emplace_back(), bounds.item);
      } else {
        read(item.c_str(), (*array)[i], field.emplace_back());
      }
    }
  }
  template <typename T>
    requires requires(Reader& reader, T& object) { members(reader, object); }
  void read(const char* name, const boost::json::value& value, T& field) {
    const auto* object = value.if_object();
    if (object == nullptr) return refuse(name, {Code::bad_request, "an object is expected"});
    Reader inner(*object, unknown_);
    members(inner, field);
    if (auto outcome = inner.finish(); !outcome) refuse(inside_member(name, std::move(outcome).error()));
  }

  const boost::json::object& object_;
  UnknownMembers unknown_;
  std::set<std::string, std::less<>> taken_;
  Status outcome_;
};

class Writer {
 public:
  template <typename T, typename... Bounds>
  void required(const char* name, const T& field, const Bounds&...) {
    object_[name] = value_of(field);
  }
  template <typename T, typename... Bounds>
  void defaulted(const char* name, const T& field, const Bounds&...) {
    object_[name] = value_of(field);
  }
  template <typename T, typename... Bounds>
  void optional(const char* name, const std::optional<T>& field, const Bounds&...) {
    if (field) object_[name] = value_of(*field);
  }
  boost::json::object take() { return std::move(object_); }

 private:
  static boost::json::value value_of(const std::string& text) { return boost::json::value(text); }
  static boost::json::value value_of(const Secret& secret) { return boost::json::value(secret.reveal()); }
  static boost::json::value value_of(std::int64_t number) { return number; }
  static boost::json::value value_of(bool truth) { return truth; }
  static boost::json::value value_of(UnixSeconds time) { return boost::json::value(to_rfc3339(time)); }
  static boost::json::value value_of(Seconds span) { return boost::json::value(to_text(span)); }
  template <typename E>
    requires std::is_enum_v<E>
  static boost::json::value value_of(E choice) {
    return boost::json::value(std::string(name(choice)));
  }
  template <typename T>
  static boost::json::value value_of(const std::vector<T>& list) {
    boost::json::array array;
    for (const T& item : list) array.push_back(value_of(item));
    return array;
  }
  template <typename T>
    requires requires(Writer& writer, const T& object) { members(writer, object); }
  static boost::json::value value_of(const T& object) {
    Writer inner;
    members(inner, object);
    return inner.take();
  }

  boost::json::object object_;
};

}  // namespace symbolon::api
