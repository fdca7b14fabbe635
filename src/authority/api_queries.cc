#include "authority/api_queries.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <limits>
#include <set>

#include "base/utf8.h"

namespace symbolon::authority {
namespace {

constexpr std::size_t kLongestName = 256;

// Each parameter at most once, and none but those that `take` knows.
Status take_parameters(const http::Target& target,
                       const std::function<Result<bool>(const std::string& key, const std::string& value)>& take) {
  std::set<std::string> seen;
  for (const auto& [key, value] : target.query) {
    if (!seen.insert(key).second) return fail(Code::bad_request, "the parameter '{}' stands twice", key);
    if (!TRY(take(key, value))) return fail(Code::bad_request, "the parameter '{}' is not known", key);
  }
  return {};
}

struct NumberBounds {
  std::int64_t least;
  std::int64_t most;
};
Result<std::int64_t> number_of(const std::string& key, const std::string& value, NumberBounds bounds) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || number < bounds.least || number > bounds.most) {
    return fail(Code::bad_request, "{} is a number between {} and {}", key, bounds.least, bounds.most);
  }
  return number;
}

}  // namespace

Result<api::ListQuery> list_query_of(const http::Target& target) {
  api::ListQuery query;
  TRY(take_parameters(target, [&](const std::string& key, const std::string& value) -> Result<bool> {
    if (key == "query") {
      query.query = value;
    } else if (key == "after") {
      query.after = value;
    } else if (key == "limit") {
      query.limit = static_cast<int>(TRY(number_of(key, value, {1, api::ListQuery::kMostPerPage})));
    } else {
      return false;
    }
    return true;
  }));
  return query;
}

Result<api::FeedQuery> feed_query_of(const http::Target& target) {
  api::FeedQuery query;
  TRY(take_parameters(target, [&](const std::string& key, const std::string& value) -> Result<bool> {
    if (key == "gateway") {
      query.gateway = value;
    } else if (key == "process") {
      query.process = value;
    } else if (key == "version") {
      query.version = value;
    } else if (key == "after") {
      query.after = TRY(number_of(key, value, {0, std::numeric_limits<std::int64_t>::max()}));
    } else if (key == "head") {
      query.head = TRY(number_of(key, value, {0, std::numeric_limits<std::int64_t>::max()}));
    } else if (key == "digest") {
      query.digest = value;
    } else if (key == "wait") {
      query.wait = TRY(number_of(key, value, {0, api::FeedQuery::kLongestWait}));
    } else {
      return false;
    }
    return true;
  }));
  if (query.gateway.empty()) return fail(Code::bad_request, "gateway is a name");
  for (const std::string& text : {query.gateway, query.process, query.version}) {
    const auto control = [](char c) { return (c >= 0 && c < 0x20) || c == 0x7F; };
    if (is_utf8(text) && std::ranges::none_of(text, control) && text.size() <= kLongestName) continue;
    return fail(Code::bad_request, "gateway, process and version are lines of at most {} octets", kLongestName);
  }
  if ((query.after == 0) != query.digest.empty()) {
    return fail(Code::bad_request, "after names an entry together with digest, which came with it");
  }
  return query;
}

Result<api::RejectionQuery> own_query_of(const http::Target& target, const std::string& fingerprint) {
  api::RejectionQuery query{.id = {}, .fingerprint = fingerprint};
  TRY(take_parameters(target, [&](const std::string& key, const std::string& value) -> Result<bool> {
    if (key == "id") query.id = TRY(api::parse_record_id(value));
    return key == "id";
  }));
  if (query.fingerprint.empty()) return fail(Code::bad_request, "this connection comes with no certificate");
  return query;
}

}  // namespace symbolon::authority
