// Patterns for e-mail addresses (RFC 5321 §4.1.2, compared by RFC 5280 §7.5). See name_pattern.h for what they mean.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "policy/dns_pattern.h"

namespace symbolon::policy {

class EmailPattern {
 public:
  // config_bad_value: no "@", a local part that is neither "*" nor a dot-atom, a domain that is no DNS pattern.
  static Result<EmailPattern> parse(std::string_view pattern);

  bool matches(std::string_view name) const;
  bool might_match(std::string_view name) const;
  bool exact() const { return !local_.empty() && domain_.exact(); }
  const std::string& normal() const { return normal_; }

 private:
  std::string local_;  // empty: any
  DnsPattern domain_;
  std::string normal_;
};

// A dot-atom at a host name: it can be held against every pattern.
bool is_plain_email(std::string_view address);

// The domain in lower case. Total.
std::string normal_email(std::string_view address);

}  // namespace symbolon::policy
