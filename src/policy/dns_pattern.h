// Patterns for DNS names (RFC 1034 §3.1, case: RFC 4343). See name_pattern.h for what they mean.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace symbolon::policy {

class DnsPattern {
 public:
  // config_bad_value: not a host name (A-labels only, no dot at the end), "*" elsewhere than alone in the first label.
  static Result<DnsPattern> parse(std::string_view pattern);

  bool matches(std::string_view name) const;
  bool might_match(std::string_view name) const;
  bool exact() const { return head_ == Head::none; }
  const std::string& normal() const { return rest_; }

 private:
  enum class Head : std::uint8_t { none, one_label, any_depth };
  Head head_ = Head::none;
  std::string rest_;  // lower case; none: the whole name, else what follows the star, with its dot
};

// Labels of letters, digits, '-' and '_' of 1 to 63 octets, at most 253 in all; the first may be "*" if more follow.
bool is_host_name(std::string_view name);

}  // namespace symbolon::policy
