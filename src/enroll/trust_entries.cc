#include "enroll/trust_entries.h"

#include <algorithm>
#include <optional>

namespace symbolon::enroll {
namespace {

// Takes one line off the front, without its line break.
std::string_view next_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
constexpr std::string_view kAlias = "Alias name: ";

}  // namespace

std::vector<std::string> nicknames_of_ours(std::string_view listing) {
  std::vector<std::string> out;
  while (!listing.empty()) {
    const std::string_view line = next_line(listing);
    if (!line.starts_with(kTrustPrefix)) continue;
    std::string name(line.substr(0, line.find(' ')));
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(std::move(name));
  }
  return out;
}

std::vector<KeytoolEntry> keytool_entries_of_ours(std::string_view listing) {
  std::vector<KeytoolEntry> out;
  std::optional<KeytoolEntry> entry;  // of ours, until its first certificate is whole
  while (!listing.empty()) {
    const std::string_view line = next_line(listing);
    if (line.starts_with(kAlias)) {
      const std::string_view alias = line.substr(kAlias.size());
      entry.reset();
      if (alias.starts_with(kTrustPrefix)) entry = KeytoolEntry{std::string(alias), {}};
    } else if (entry && (!entry->pem.empty() || line == kBegin)) {
      entry->pem.append(line).push_back('\n');
      if (line == kEnd) {
        out.push_back(*std::move(entry));
        entry.reset();
      }
    }
  }
  return out;
}

}  // namespace symbolon::enroll
