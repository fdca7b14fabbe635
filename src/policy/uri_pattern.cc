#include "policy/uri_pattern.h"

#include <algorithm>

#include "policy/dns_pattern.h"
#include "policy/name_text.h"

namespace symbolon::policy {
namespace {

// Where the parts of a URI end. A URI without "://" has an empty authority and its path begins after the colon.
struct Parts {
  std::size_t scheme_end = 0;  // 0: no scheme
  std::size_t authority = 0;   // begin
  std::size_t path = 0;        // begin
  bool hierarchical = false;
};

Parts parts_of(std::string_view uri) {
  const std::size_t colon = uri.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_letter(uri[0])) return {};
  const bool scheme = std::ranges::all_of(
      uri.substr(0, colon), [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; });
  if (!scheme) return {};
  Parts out{.scheme_end = colon, .authority = colon + 1, .path = colon + 1, .hierarchical = false};
  if (!uri.substr(colon).starts_with("://")) return out;
  out.hierarchical = true;
  out.authority = colon + 3;
  out.path = std::min(uri.size(), uri.find_first_of("/?#", out.authority));
  return out;
}

// RFC 3986 §2: unreserved, reserved, or a percent sign with two hexadecimal digits.
bool is_uri_text(std::string_view text) {
  constexpr std::string_view kMarks = "-._~:/?#[]@!$&'()*+,;=";
  const auto hexadecimal = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_letter(c) || is_digit(c) || kMarks.find(c) != std::string_view::npos) continue;
    if (c != '%' || i + 2 >= text.size() || !hexadecimal(text[i + 1]) || !hexadecimal(text[i + 2])) return false;
  }
  return true;
}

// What a wildcard may stand for: pchar of RFC 3986 §3.3 without percent-encoding, which could hide a slash, and without
// the star; neither empty nor a dot segment.
bool is_plain_segment(std::string_view segment) {
  constexpr std::string_view kMarks = "-._~!$&'()+,;=:@";
  if (segment.empty() || segment == "." || segment == "..") return false;
  return std::ranges::all_of(
      segment, [&](char c) { return is_letter(c) || is_digit(c) || kMarks.find(c) != std::string_view::npos; });
}

// Scheme and host alone, in lower case: what stays the same however a path, a port or a user is written.
std::string bare_origin(std::string_view uri) {
  const Parts parts = parts_of(uri);
  if (!parts.hierarchical) return {};
  std::string_view host = uri.substr(parts.authority, parts.path - parts.authority);
  if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  if (const auto colon = host.rfind(':'); colon != std::string_view::npos && host.find(']', colon) == host.npos) {
    host = host.substr(0, colon);
  }
  while (host.ends_with('.')) host.remove_suffix(1);
  return lower(uri.substr(0, parts.scheme_end)) + "://" + lower(host);
}

bool is_plain_path(std::string_view path) {
  return path.empty() || (path.starts_with('/') && std::ranges::all_of(split(path.substr(1), '/'), is_plain_segment));
}

bool is_wildcard(std::string_view segment) { return segment == "*" || segment == "**"; }

// A glob over segments. Of several "**" only the last needs a point of return: whatever an earlier one could take, a
// later one can take too. So the work is bounded by the product of both lengths.
bool match_segments(const std::vector<std::string>& pattern, const std::vector<std::string_view>& name) {
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t after_stars = kNone;  // in the pattern
  std::size_t taken_to = 0;         // in the name
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == "**") {
      after_stars = ++p;
      taken_to = n;
    } else if (p < pattern.size() && (pattern[p] == "*" || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (after_stars != kNone) {
      p = after_stars;
      n = ++taken_to;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == "**") ++p;
  return p == pattern.size();
}

}  // namespace

std::string normal_uri(std::string_view uri) {
  const Parts parts = parts_of(uri);
  std::string out(uri);
  const auto fold = [&](std::size_t from, std::size_t to) {
    const std::string folded = lower(uri.substr(from, to - from));
    out.replace(from, to - from, folded);
  };
  fold(0, parts.scheme_end);
  if (!parts.hierarchical) return out;
  const std::size_t at = uri.substr(0, parts.path).rfind('@');
  const std::size_t host = at == std::string_view::npos || at < parts.authority ? parts.authority : at + 1;
  fold(host, parts.path);
  return out;
}

bool is_plain_uri(std::string_view uri) {
  const Parts parts = parts_of(uri);
  return !parts.hierarchical || (is_host_name(uri.substr(parts.authority, parts.path - parts.authority)) &&
                                 is_plain_path(uri.substr(parts.path)));
}

Result<UriPattern> UriPattern::parse(std::string_view pattern) {
  const Parts parts = parts_of(pattern);
  if (parts.scheme_end == 0 || parts.scheme_end + 1 == pattern.size() || !is_uri_text(pattern)) {
    return fail(Code::config_bad_value,
                "'{}' is no URI pattern: write spiffe://example.com/billing or spiffe://example.com/**",
                shown(pattern));
  }
  UriPattern out;
  if (pattern.find('*') == std::string_view::npos) {
    out.normal_ = normal_uri(pattern);
    return out;
  }
  const std::string_view path = pattern.substr(parts.path);
  bool good = parts.hierarchical && parts.path > parts.authority && path.starts_with('/') &&
              pattern.substr(0, parts.path).find('*') == std::string_view::npos;
  if (good) {
    for (const std::string_view segment : split(path.substr(1), '/')) {
      good = good && (is_wildcard(segment) || is_plain_segment(segment));
      out.segments_.emplace_back(segment);
    }
  }
  if (!good) {
    return fail(
        Code::config_bad_value,
        "'{}' is no URI pattern: '*' (one segment) and '**' (any number) stand alone between the slashes of the path",
        shown(pattern));
  }
  out.normal_ = normal_uri(pattern.substr(0, parts.path));
  return out;
}

bool UriPattern::matches(std::string_view name) const {
  const std::string folded = normal_uri(name);
  if (exact()) return folded == normal_;
  const Parts parts = parts_of(folded);
  if (!parts.hierarchical || std::string_view(folded).substr(0, parts.path) != normal_) return false;
  const std::string_view path = std::string_view(folded).substr(parts.path);
  if (path.empty()) return match_segments(segments_, {});
  // What follows a query or fragment mark is in no plain segment either.
  const auto segments = split(path.substr(1), '/');
  return path.starts_with('/') && std::ranges::all_of(segments, is_plain_segment) &&
         match_segments(segments_, segments);
}

bool UriPattern::might_match(std::string_view name) const {
  if (matches(name)) return true;
  const std::string origin = bare_origin(name);
  if (origin.empty() || origin != bare_origin(normal_)) return false;
  const std::string folded = normal_uri(name);
  const Parts parts = parts_of(folded);
  // The same host, written another way, or a path that could be another one in disguise.
  return std::string_view(folded).substr(0, parts.path) !=
             std::string_view(normal_).substr(0, parts_of(normal_).path) ||
         !is_plain_path(std::string_view(folded).substr(parts.path));
}

}  // namespace symbolon::policy
