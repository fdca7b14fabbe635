#include "http/problem.h"

#include <boost/json.hpp>

namespace symbolon::http {

namespace {

namespace json = boost::json;

Code code_for(int status) {
  switch (status) {
    case 403: return Code::forbidden;
    case 404: return Code::not_found;
    case 405: return Code::method_not_allowed;
    case 408: return Code::connection_idle;
    case 413: return Code::too_large;
    case 503: return Code::overloaded;
    default: return status < 500 ? Code::bad_request : Code::internal;
  }
}

std::string member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(json::string_view(name.data(), name.size()));
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

}  // namespace

std::string problem_text(const Error& error, std::string_view remedy) {
  const CodeRow& row = symbolon::row(error.code);
  if (remedy.empty()) remedy = row.remedy;
  json::object object;
  object["type"] = "about:blank";
  object["title"] = json::string_view(row.sentence.data(), row.sentence.size());
  object["status"] = row.http_status < 400 ? 500 : row.http_status;
  object["detail"] = error.words;
  object["code"] = json::string_view(row.name.data(), row.name.size());
  if (!error.where.empty()) object["where"] = error.where;
  object["remedy"] = json::string_view(remedy.data(), remedy.size());
  return json::serialize(object);
}

Response problem(const Error& error) {
  const int status = row(error.code).http_status;
  return make_response(status < 400 ? 500 : status, kProblemJson, problem_text(error));
}

std::optional<Error> problem_from_text(std::string_view text) {
  boost::system::error_code failed;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), failed);
  if (failed || !value.is_object()) return std::nullopt;
  const json::object& object = value.get_object();
  const std::string code = member(object, "code");
  if (code.empty()) return std::nullopt;
  Error error{.code = Code::internal, .words = member(object, "detail"), .where = member(object, "where")};
  if (const auto known = code_from_name(code)) {
    error.code = *known;
    return error;
  }
  const json::value* status = object.if_contains("status");
  error.code = code_for(status != nullptr && status->is_int64() ? static_cast<int>(status->get_int64()) : 500);
  error.words = fmt::format("{} ({})", error.words, code);
  return error;
}

Error error_of(const Response& response) {
  const auto type = response.headers.find("Content-Type");
  if (type && type->substr(0, kProblemJson.size()) == kProblemJson) {
    if (auto error = problem_from_text(response.body)) return *std::move(error);
  }
  return {code_for(response.status),
          fmt::format("the answer was {} {}", response.status, reason_phrase(response.status))};
}

}  // namespace symbolon::http
