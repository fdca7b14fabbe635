#include "api/strict_json.h"

#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <set>
#include <string>
#include <vector>

namespace symbolon::api {

namespace {

namespace json = boost::json;
using json::error_code;
using json::string_view;

// Refuses the second of two equal members; Boost.JSON itself would keep the last in silence.
struct MemberWatch {
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);

  std::vector<std::set<std::string>> objects;
  std::string key;
  std::string repeated;

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) {
    objects.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, error_code&) {
    objects.pop_back();
    return true;
  }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t, error_code&) { return true; }
  bool on_key_part(string_view part, std::size_t, error_code&) {
    key.append(part.data(), part.size());
    return true;
  }
  bool on_key(string_view part, std::size_t, error_code& error) {
    key.append(part.data(), part.size());
    if (!objects.back().insert(key).second) {
      repeated = key;
      error = json::error::exception;
      return false;
    }
    key.clear();
    return true;
  }
  bool on_string_part(string_view, std::size_t, error_code&) { return true; }
  bool on_string(string_view, std::size_t, error_code&) { return true; }
  bool on_number_part(string_view, error_code&) { return true; }
  bool on_int64(std::int64_t, string_view, error_code&) { return true; }
  bool on_uint64(std::uint64_t, string_view, error_code&) { return true; }
  bool on_double(double, string_view, error_code&) { return true; }
  bool on_bool(bool, error_code&) { return true; }
  bool on_null(error_code&) { return true; }
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }
};

}  // namespace

Result<json::value> parse_strict_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = kDeepestJson;
  error_code error;
  json::basic_parser<MemberWatch> watch(options);
  const std::size_t used = watch.write_some(false, text.data(), text.size(), error);
  if (!watch.handler().repeated.empty() || error == json::error::exception) {
    return fail(Code::bad_request, "the member '{}' stands twice", watch.handler().repeated);
  }
  if (error) return fail(Code::bad_request, "not JSON, at octet {}: {}", used, error.message());
  try {
    json::value value = json::parse(string_view(text.data(), text.size()), error, {}, options);
    if (error) return fail(Code::bad_request, "not JSON: {}", error.message());
    return value;
  } catch (const std::exception& failure) {  // out of memory, or a text beyond the library's bounds
    return fail(Code::bad_request, "not JSON: {}", failure.what());
  }
}

}  // namespace symbolon::api
