#include "x509/name_text.h"

#include <algorithm>

namespace symbolon::x509 {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= 63 &&
         std::ranges::all_of(label, [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; });
}

bool is_scheme(std::string_view text) {
  return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, [](char c) {
    return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

}  // namespace

std::string ascii_lowered(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool within_domain(std::string_view host, std::string_view domain) {
  if (host.size() < domain.size()) return false;
  const std::size_t more = host.size() - domain.size();
  return equal_ignoring_case(host.substr(more), domain) && (more == 0 || domain.empty() || host[more - 1] == '.');
}

bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  while (true) {
    const auto dot = text.find('.');
    if (!is_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool looks_like_address(std::string_view host) {
  const auto dot = host.rfind('.');
  const std::string_view last = dot == std::string_view::npos ? host : host.substr(dot + 1);
  return !last.empty() && std::ranges::all_of(last, is_digit);
}

std::optional<MailAddress> split_mail_address(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || !is_host_name(text.substr(at + 1))) return {};
  const std::string_view local = text.substr(0, at);
  if (!std::ranges::all_of(local, [](char c) { return c > 0x20 && c < 0x7f && c != '@'; })) return {};
  return MailAddress{std::string(local), ascii_lowered(text.substr(at + 1))};
}

std::optional<std::string> host_of_uri(std::string_view uri) {
  const auto colon = uri.find(':');
  if (colon == std::string_view::npos || !is_scheme(uri.substr(0, colon))) return {};
  std::string_view rest = uri.substr(colon + 1);
  if (!rest.starts_with("//")) return {};
  rest.remove_prefix(2);
  std::string_view host = rest.substr(0, rest.find_first_of("/?#"));
  if (host.find('@') != std::string_view::npos) return {};
  if (const auto port = host.find(':'); port != std::string_view::npos) {
    if (!std::ranges::all_of(host.substr(port + 1), is_digit)) return {};
    host = host.substr(0, port);
  }
  if (!is_host_name(host) || looks_like_address(host)) return {};
  return ascii_lowered(host);
}

}  // namespace symbolon::x509
