// Patterns for URIs (RFC 3986; SPIFFE-ID §2). See name_pattern.h for what they mean.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace symbolon::policy {

class UriPattern {
 public:
  // config_bad_value: no scheme, a character that no URI has, "*" elsewhere than alone between slashes of the path, an
  // empty or dot segment beside a wildcard.
  static Result<UriPattern> parse(std::string_view pattern);

  bool matches(std::string_view name) const;
  bool might_match(std::string_view name) const;
  bool exact() const { return segments_.empty(); }
  const std::string& normal() const { return normal_; }

 private:
  std::string normal_;                 // exact: the whole; else "scheme://authority"
  std::vector<std::string> segments_;  // with wildcards
};

// Can be held against every pattern: its authority, if it has one, is a host name, and no path hides another.
bool is_plain_uri(std::string_view uri);

// Scheme and host in lower case, all else as it stands (RFC 3986 §6.2.2.1). Total.
std::string normal_uri(std::string_view uri);

}  // namespace symbolon::policy
