#include "policy/dns_pattern.h"

#include "policy/name_text.h"

namespace symbolon::policy {
namespace {

bool is_label(std::string_view label) {
  constexpr std::size_t kLongest = 63;  // RFC 1034 §3.1
  if (label.empty() || label.size() > kLongest || label.front() == '-' || label.back() == '-') return false;
  for (const char c : label) {
    if (!is_letter(c) && !is_digit(c) && c != '-' && c != '_') return false;
  }
  return true;
}

}  // namespace

bool is_host_name(std::string_view name) {
  constexpr std::size_t kLongest = 253;
  if (name.empty() || name.size() > kLongest) return false;
  if (name.starts_with("*.")) name.remove_prefix(2);
  for (const std::string_view label : split(name, '.')) {
    if (!is_label(label)) return false;
  }
  return true;
}

Result<DnsPattern> DnsPattern::parse(std::string_view pattern) {
  DnsPattern out;
  std::string_view rest = pattern;
  if (rest.starts_with("**")) {
    out.head_ = Head::any_depth;
    rest.remove_prefix(2);
  } else if (rest.starts_with('*')) {
    out.head_ = Head::one_label;
    rest.remove_prefix(1);
  }
  const bool star = out.head_ != Head::none;
  const bool alone = star && rest.empty();
  const std::string_view host = star && rest.starts_with('.') ? rest.substr(1) : rest;
  const bool separated = !star || alone || rest.starts_with('.');
  if (!alone && (!separated || host.starts_with('*') || !is_host_name(host))) {
    return fail(
        Code::config_bad_value,
        "'{}' is no DNS pattern: write web.example.com, *.example.com (one label) or **.example.com (any depth), "
        "international names as xn--...",
        shown(pattern));
  }
  out.rest_ = lower(rest);
  return out;
}

bool DnsPattern::matches(std::string_view name) const {
  const std::string folded = lower(name);
  if (head_ == Head::none) return folded == rest_;
  if (!is_host_name(folded) || folded.size() <= rest_.size() || !folded.ends_with(rest_)) return false;
  const std::string_view front = std::string_view(folded).substr(0, folded.size() - rest_.size());
  // A name that is a wildcard stands for one label more, whatever it is: it fits where that label would.
  return head_ == Head::any_depth || front.find('.') == std::string_view::npos;
}

bool DnsPattern::might_match(std::string_view name) const {
  if (matches(name)) return true;
  if (is_host_name(name)) return false;  // it can be read, and it is another
  std::string folded = lower(name);
  while (folded.ends_with('.')) folded.pop_back();
  return head_ == Head::none ? folded == rest_ : folded.ends_with(rest_);
}

}  // namespace symbolon::policy
