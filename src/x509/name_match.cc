#include "x509/name_match.h"

#include <algorithm>

#include "x509/name_text.h"

namespace symbolon::x509 {
namespace {

bool mail_matches(std::string_view presented, std::string_view reference) {
  const auto a = split_mail_address(presented);
  const auto b = split_mail_address(reference);
  return a && b && a->local == b->local && a->host == b->host;
}

// Scheme and host in any case, the rest octet by octet.
bool uri_matches(std::string_view presented, std::string_view reference) {
  const auto end_of_authority = [](std::string_view uri) {
    const auto slashes = uri.find("://");
    if (slashes == std::string_view::npos) return std::size_t{0};
    const auto end = uri.find_first_of("/?#", slashes + 3);
    return end == std::string_view::npos ? uri.size() : end;
  };
  const std::size_t split = end_of_authority(presented);
  return split == end_of_authority(reference) &&
         equal_ignoring_case(presented.substr(0, split), reference.substr(0, split)) &&
         presented.substr(split) == reference.substr(split);
}

bool matches(const GeneralName& presented, const GeneralName& expected) {
  if (presented.kind != expected.kind) return false;
  switch (expected.kind) {
    case NameKind::dns: return dns_matches(presented.value, expected.value);
    case NameKind::ip: return !expected.octets.empty() && presented.octets == expected.octets;
    case NameKind::email: return mail_matches(presented.value, expected.value);
    case NameKind::uri: return uri_matches(presented.value, expected.value);
    case NameKind::directory:
    case NameKind::registered_id: return !expected.value.empty() && presented.value == expected.value;
    case NameKind::other: return !expected.octets.empty() && presented.octets == expected.octets;
  }
  return false;
}

}  // namespace

bool dns_matches(std::string_view presented, std::string_view reference) {
  if (reference.ends_with('.')) reference.remove_suffix(1);  // an absolute name is the same name
  if (!is_host_name(reference) || looks_like_address(reference)) return false;
  // RFC 9525 §6.3: "the wildcard character matches only the complete left-most label".
  if (presented.starts_with("*.")) {
    const std::string_view domain = presented.substr(2);
    const auto dot = reference.find('.');
    return is_host_name(domain) && domain.find('.') != std::string_view::npos && dot != std::string_view::npos &&
           equal_ignoring_case(reference.substr(dot + 1), domain);
  }
  return is_host_name(presented) && equal_ignoring_case(presented, reference);
}

bool holds_name(const Certificate& certificate, const GeneralName& expected) {
  return std::ranges::any_of(certificate.subject_alt_names(),
                             [&](const GeneralName& presented) { return matches(presented, expected); });
}

bool holds_any_name(const Certificate& certificate, const std::vector<GeneralName>& expected) {
  return std::ranges::any_of(expected, [&](const GeneralName& name) { return holds_name(certificate, name); });
}

}  // namespace symbolon::x509
