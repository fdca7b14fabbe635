#include "api/codec.h"

#include "api/members.h"
#include "api/strict_json.h"

namespace symbolon::api {

namespace {

template <typename T>
std::string write(const T& object) {
  Writer writer;
  members(writer, object);
  return boost::json::serialize(writer.take());
}

template <typename T>
Result<T> read(std::string_view json, UnknownMembers unknown) {
  const boost::json::value value = TRY(parse_strict_json(json));
  const auto* object = value.if_object();
  if (object == nullptr) return fail(Code::bad_request, "a JSON object is expected");
  T result;
  Reader reader(*object, unknown);
  members(reader, result);
  if (auto outcome = reader.finish(); !outcome) return std::unexpected(outcome.error());
  return result;
}

}  // namespace

#define WIRE_OBJECT(T)                                          \
  std::string encode(const T& object) { return write(object); } \
  template <>                                                   \
  Result<T> decode<T>(std::string_view json) {                  \
    return read<T>(json, UnknownMembers::refused);              \
  }                                                             \
  template <>                                                   \
  Result<T> decode_answer<T>(std::string_view json) {           \
    return read<T>(json, UnknownMembers::passed_over);          \
  }
#define WIRE_PART(T)
#include "api/wire_objects.inc"
#undef WIRE_PART
#undef WIRE_OBJECT

}  // namespace symbolon::api
