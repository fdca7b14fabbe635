// The parts that names are compared by: host names, and the hosts inside e-mail addresses and URIs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace symbolon::x509 {

std::string ascii_lowered(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);
// Below `domain` or equal to it; case does not matter.
bool within_domain(std::string_view host, std::string_view domain);

// Labels of letters, digits, '-' and '_', 1 to 63 octets each, 253 in all; no dot at the end. No wildcard.
bool is_host_name(std::string_view text);
// An IPv4 address in dotted form, or what some resolvers would take for one: the last label is a number.
bool looks_like_address(std::string_view host);

struct MailAddress {
  std::string local;
  std::string host;
};
// At its one '@'; nothing unless both parts are there, the host is a host name and the rest visible ASCII.
std::optional<MailAddress> split_mail_address(std::string_view text);

// The host name of an absolute URI with an authority (RFC 3986 §3.2); nothing when there is none, when it is an
// address, or when the authority holds user information, which is there to mislead.
std::optional<std::string> host_of_uri(std::string_view uri);

}  // namespace symbolon::x509
