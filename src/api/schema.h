// The third way over members.h, beside Reader and Writer: what an object may be, as a schema of JSON Schema 2020-12
// (which OpenAPI 3.1 uses). Internal to api/.
#pragma once

#include "api/codec.h"
#include "api/fields.h"
#include "api/heads.h"

namespace symbolon::api {

// The values of an enumeration as the wire spells them. A reading that takes more spellings lists them too.
std::vector<std::string> spellings(CertificateState);
std::vector<std::string> spellings(RevocationReason);
std::vector<std::string> spellings(RevocationOutcome);
std::vector<std::string> spellings(ReleaseOutcome);
std::vector<std::string> spellings(ClockOutcome);
std::vector<std::string> spellings(RollbackOutcome);
std::vector<std::string> spellings(HandBackAnswer::Outcome);
std::vector<std::string> spellings(GatewayPhase);
std::vector<std::string> spellings(Code);

// Where the schema of a named object stands.
boost::json::object reference_to(std::string_view name);
// Bounds are octets of UTF-8, lengths of a schema characters: no text that is taken is longer than the schema allows.
boost::json::object schema_of_text(const TextBounds& bounds);
boost::json::object schema_of_integer(const IntegerBounds& bounds);
boost::json::object schema_of_time();
boost::json::object schema_of_span();
boost::json::object schema_of_choice(const std::vector<std::string>& values);

// The name of a wire object, by type; defined for those of wire_objects.inc.
template <typename T>
struct WireName;

class Describer {
 public:
  template <typename T, typename... Bounds>
  void required(const char* name, const T& field, const Bounds&... bounds) {
    properties_[name] = schema_of(field, bounds...);
    required_.emplace_back(name);
  }
  template <typename T, typename... Bounds>
  void defaulted(const char* name, const T& field, const Bounds&... bounds) {
    properties_[name] = schema_of(field, bounds...);
  }
  template <typename T, typename... Bounds>
  void optional(const char* name, const std::optional<T>&, const Bounds&... bounds) {
    properties_[name] = schema_of(T{}, bounds...);
  }
  boost::json::object take() {
    boost::json::object out{{"type", "object"}};
    out["properties"] = std::move(properties_);
    if (!required_.empty()) out["required"] = std::move(required_);
    out["additionalProperties"] = false;  // what is unknown is refused by name
    return out;
  }

 private:
  static boost::json::object schema_of(const std::string&, const TextBounds& bounds) { return schema_of_text(bounds); }
  static boost::json::object schema_of(const Secret&, const TextBounds& bounds) { return schema_of_text(bounds); }
  static boost::json::object schema_of(std::int64_t, const IntegerBounds& bounds) { return schema_of_integer(bounds); }
  static boost::json::object schema_of(bool) { return {{"type", "boolean"}}; }
  static boost::json::object schema_of(UnixSeconds) { return schema_of_time(); }
  static boost::json::object schema_of(Seconds) { return schema_of_span(); }
  template <typename E>
    requires std::is_enum_v<E>
  static boost::json::object schema_of(E some, std::optional<E> (*)(std::string_view)) {
    return schema_of_choice(spellings(some));
  }
  template <typename T>
  static boost::json::object schema_of(const std::vector<T>&, const ListBounds& bounds) {
    boost::json::object items;
    if constexpr (std::is_same_v<T, std::string>) {
      items = schema_of_text(bounds.item);
    } else {
      items = schema_of(T{});
    }
    boost::json::object out{{"type", "array"}};
    out["maxItems"] = bounds.most;
    out["items"] = std::move(items);
    return out;
  }
  template <typename T>
    requires requires { WireName<T>::text; }
  static boost::json::object schema_of(const T&) {
    return reference_to(WireName<T>::text);
  }

  boost::json::object properties_;
  boost::json::array required_;
};

}  // namespace symbolon::api
