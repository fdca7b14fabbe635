#include "api/fields.h"

namespace symbolon::api {

Status check_text(std::string_view text, const TextBounds& bounds) {
  if (text.size() < bounds.least) return fail(Code::bad_request, "it is empty");
  if (text.size() > bounds.most) {
    return fail(Code::bad_request, "{} octets, at most {} are taken", text.size(), bounds.most);
  }
  if (bounds.characters == TextBounds::Characters::any) return {};
  for (char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      return fail(Code::bad_request, "it holds a control character");
  }
  return {};
}

Result<std::string> read_text(const boost::json::value& value, const TextBounds& bounds) {
  const auto* text = value.if_string();
  if (text == nullptr) return fail(Code::bad_request, "a text is expected");
  std::string result(text->data(), text->size());
  if (auto fits = check_text(result, bounds); !fits) return std::unexpected(fits.error());
  return result;
}

Result<std::int64_t> read_integer(const boost::json::value& value, const IntegerBounds& bounds) {
  const auto* number = value.if_int64();
  if (number == nullptr) return fail(Code::bad_request, "an integer is expected");
  if (*number < bounds.least || *number > bounds.most) {
    return fail(Code::bad_request, "{} is not between {} and {}", *number, bounds.least, bounds.most);
  }
  return *number;
}

Result<bool> read_boolean(const boost::json::value& value) {
  const auto* truth = value.if_bool();
  if (truth == nullptr) return fail(Code::bad_request, "true or false is expected");
  return *truth;
}

Result<UnixSeconds> read_time(const boost::json::value& value) { return parse_time(TRY(read_text(value, kName))); }

Result<Seconds> read_duration(const boost::json::value& value) { return parse_duration(TRY(read_text(value, kName))); }

Error at_member(std::string_view member, Error error) {
  return {Code::bad_request, fmt::format("'{}': {}", member, error.words)};
}

Error inside_member(std::string_view member, Error error) {
  ENSURE(error.words.starts_with('\''));
  return {Code::bad_request, fmt::format("'{}.{}", member, error.words.substr(1))};
}

const boost::json::value* Reader::take(const char* name) {
  taken_.emplace(name);
  return object_.if_contains(name);
}

void Reader::refuse(Error error) {
  if (outcome_) outcome_ = std::unexpected(std::move(error));
}

Status Reader::finish() const {
  if (!outcome_) return std::unexpected(outcome_.error());
  if (unknown_ == UnknownMembers::passed_over) return {};
  for (const auto& member : object_) {
    const std::string_view name(member.key().data(), member.key().size());
    if (!taken_.contains(name)) return std::unexpected(at_member(name, {Code::bad_request, "no such member is known"}));
  }
  return {};
}

}  // namespace symbolon::api
