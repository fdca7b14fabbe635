#include "check/file_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "check/printable.h"

namespace symbolon::check {
namespace {

constexpr std::size_t kNamesShown = 8;

struct PurposeRow {
  std::string_view oid;
  std::string_view name;
};
constexpr PurposeRow kPurposes[] = {{"1.3.6.1.5.5.7.3.1", "serverAuth"},   {"1.3.6.1.5.5.7.3.2", "clientAuth"},
                                    {"1.3.6.1.5.5.7.3.3", "codeSigning"},  {"1.3.6.1.5.5.7.3.4", "emailProtection"},
                                    {"1.3.6.1.5.5.7.3.8", "timeStamping"}, {"1.3.6.1.5.5.7.3.9", "OCSPSigning"},
                                    {"2.5.29.37.0", "anyExtendedKeyUsage"}};

constexpr std::string_view kUsages[] = {"digitalSignature", "nonRepudiation", "keyEncipherment",
                                        "dataEncipherment", "keyAgreement",   "keyCertSign",
                                        "cRLSign",          "encipherOnly",   "decipherOnly"};

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("/._-+:,@%=").find(c) != std::string_view::npos;
}

}  // namespace

std::string place_of(const FileObservation& seen, const FileObject& object) {
  return place_of(seen.files[object.file], object.line);
}

std::string place_of(const SeenFile& file, int line) {
  const std::string name = without_controls(file.name);
  return line == 0 ? name : fmt::format("{}:{}", name, line);
}

std::string shell_word(std::string_view file_name) {
  const std::string safe = without_controls(file_name);
  const bool option = safe.starts_with("-");
  if (!safe.empty() && std::ranges::all_of(safe, is_plain)) return option ? "./" + safe : safe;
  std::string out = option ? "'./" : "'";
  for (const char c : safe) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string command_for(std::string_view command, std::string_view file_name) {
  constexpr std::string_view kPlace = "FILE";
  std::string out(command);
  if (const auto at = out.find(kPlace); at != std::string::npos) out.replace(at, kPlace.size(), shell_word(file_name));
  return out;
}

std::vector<std::string> key_usage_names(std::uint16_t bits) {
  std::vector<std::string> out;
  for (std::size_t bit = 0; bit < std::size(kUsages); ++bit) {
    if ((bits & 1U << bit) != 0) out.emplace_back(kUsages[bit]);
  }
  return out;
}

std::optional<std::string> key_usage_text(std::optional<std::uint16_t> bits) {
  if (!bits) return {};
  const std::vector<std::string> names = key_usage_names(*bits);
  return names.empty() ? "nothing" : fmt::format("{}", fmt::join(names, ", "));
}

std::string purpose_name(std::string_view oid) {
  const auto* const row = std::ranges::find(kPurposes, oid, &PurposeRow::oid);
  return std::string(row == std::end(kPurposes) ? oid : row->name);
}

std::string life_text(UnixSeconds begin, UnixSeconds end, UnixSeconds now) {
  const std::string span = fmt::format("{} to {}", to_rfc3339(begin), to_rfc3339(end));
  if (now < begin) return fmt::format("{} (begins in {})", span, to_words(begin - now));
  if (now > end) return fmt::format("{} (ended {} ago)", span, to_words(now - end));
  return fmt::format("{} ({} left)", span, to_words(end - now));
}

std::string names_text(const std::vector<x509::GeneralName>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < kNamesShown; ++i) {
    out += (i == 0 ? "" : ", ") + printable(names[i].text());
  }
  if (names.size() > kNamesShown) out += fmt::format(" and {} more", names.size() - kNamesShown);
  return out;
}

std::string scope_text(const revocation::Coverage& coverage) {
  std::string out = coverage.users && coverage.cas ? "all certificates of its issuer"
                    : coverage.users               ? "certificates that are no CA's"
                    : coverage.cas                 ? "certificates of CAs"
                                                   : "no certificates";
  if (!coverage.points.empty()) out += ", only those that name its distribution point";
  if (coverage.points_unknown) out += ", only a part of them";
  return out;
}

std::string number_text(const Bytes& magnitude) {
  if (magnitude.size() > 8) return "0x" + to_hex(magnitude);
  std::uint64_t number = 0;
  for (const std::uint8_t octet : magnitude) number = number << 8U | octet;
  return fmt::format("{}", number);
}

}  // namespace symbolon::check
