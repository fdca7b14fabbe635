#include "policy/email_pattern.h"

#include <algorithm>

#include "policy/name_text.h"

namespace symbolon::policy {
namespace {

// RFC 5321 §4.1.2 Dot-string, at most 64 octets (§4.5.3.1.1). Quoted local parts are left to exact patterns' absence:
// a wildcard that took `"a@b"` would invite confusion about where the domain begins.
bool is_dot_atom(std::string_view local) {
  constexpr std::size_t kLongest = 64;
  constexpr std::string_view kMarks = "!#$%&'+-/=?^_`{|}~";  // atext without the star, which is a wildcard here
  if (local.empty() || local.size() > kLongest) return false;
  for (const std::string_view atom : split(local, '.')) {
    const bool good = !atom.empty() && std::ranges::all_of(atom, [&](char c) {
      return is_letter(c) || is_digit(c) || kMarks.find(c) != std::string_view::npos;
    });
    if (!good) return false;
  }
  return true;
}

}  // namespace

bool is_plain_email(std::string_view address) {
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos || address.find('*') != std::string_view::npos) return false;
  return is_dot_atom(address.substr(0, at)) && is_host_name(address.substr(at + 1));
}

std::string normal_email(std::string_view address) {
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos) return std::string(address);
  return std::string(address.substr(0, at)) + lower(address.substr(at));
}

Result<EmailPattern> EmailPattern::parse(std::string_view pattern) {
  const std::size_t at = pattern.rfind('@');
  const std::string_view local = pattern.substr(0, at);
  const auto domain = at == std::string_view::npos ? DnsPattern::parse("") : DnsPattern::parse(pattern.substr(at + 1));
  if (!domain || (local != "*" && !is_dot_atom(local))) {
    return fail(Code::config_bad_value, "'{}' is no e-mail pattern: write ann@example.com or *@example.com",
                shown(pattern));
  }
  EmailPattern out;
  out.domain_ = *domain;
  if (local != "*") out.local_ = local;
  out.normal_ = normal_email(pattern);
  return out;
}

bool EmailPattern::matches(std::string_view name) const {
  if (exact()) return normal_email(name) == normal_;
  const std::size_t at = name.rfind('@');
  if (at == std::string_view::npos) return false;
  const std::string_view local = name.substr(0, at);
  const std::string_view domain = name.substr(at + 1);
  if (local_.empty() ? !is_dot_atom(local) : local != local_) return false;
  return domain.find('*') == std::string_view::npos && domain_.matches(domain);
}

bool EmailPattern::might_match(std::string_view name) const {
  if (matches(name)) return true;
  const std::size_t at = name.rfind('@');
  if (at == std::string_view::npos) return local_.empty() && domain_.might_match(name);
  std::string_view local = name.substr(0, at);
  if (!domain_.might_match(name.substr(at + 1))) return false;
  if (local.size() > 1 && local.starts_with('"') && local.ends_with('"')) local = local.substr(1, local.size() - 2);
  return local_.empty() || local == local_;
}

}  // namespace symbolon::policy
