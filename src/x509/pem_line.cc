#include "x509/pem_line.h"

#include <algorithm>

namespace symbolon::x509::pem_line {
namespace {

// RFC 7468 §3, of the labels that exist. Anything else is not repeated in words: a file whose line breaks were lost has
// a whole key there.
bool is_label(std::string_view text) {
  constexpr std::size_t kLongest = 64;
  return !text.empty() && text.size() <= kLongest &&
         std::ranges::all_of(text, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' '; });
}

std::string_view label_of(std::string_view line, std::string_view start) {
  if (!line.starts_with(start) || !line.ends_with(kDashes) || line.size() < start.size() + kDashes.size()) return {};
  const std::string_view label = line.substr(start.size(), line.size() - start.size() - kDashes.size());
  return is_label(label) ? label : std::string_view();
}

}  // namespace

std::string_view trimmed(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  return line;
}

std::string_view begun_label(std::string_view line) { return label_of(line, kBegin); }
std::string_view ended_label(std::string_view line) { return label_of(line, kEnd); }

}  // namespace symbolon::x509::pem_line
