#include "policy/ip_pattern.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "policy/name_text.h"

namespace symbolon::policy {
namespace {

bool bits_agree(ByteView a, ByteView b, std::size_t bits) {
  const std::size_t whole = bits / 8;
  for (std::size_t i = 0; i < whole; ++i) {
    if (a[i] != b[i]) return false;
  }
  if (bits % 8 == 0) return true;
  const unsigned mask = 0xFFU << (8 - bits % 8) & 0xFFU;
  return ((a[whole] ^ b[whole]) & mask) == 0;
}

// Decimal without leading zeros; nothing if it is none.
std::optional<std::size_t> prefix_length(std::string_view text) {
  std::size_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = problem == std::errc() && end == text.data() + text.size();
  if (!whole || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  return value;
}

}  // namespace

Bytes ip_octets(std::string_view address) {
  const std::string text(address);
  if (text.find('\0') != std::string::npos) return {};
  Bytes out(16);
  if (inet_pton(AF_INET6, text.c_str(), out.data()) == 1) return out;
  out.resize(4);
  if (inet_pton(AF_INET, text.c_str(), out.data()) == 1) return out;
  return {};
}

std::string ip_text(ByteView octets) {
  if (octets.size() != 4 && octets.size() != 16) return {};
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(octets.size() == 4 ? AF_INET : AF_INET6, octets.data(), text, sizeof text);
  return text;
}

Result<IpPattern> IpPattern::parse(std::string_view pattern) {
  const std::size_t slash = pattern.find('/');
  IpPattern out;
  out.octets_ = ip_octets(pattern.substr(0, slash));
  out.bits_ = out.octets_.size() * 8;
  bool good = !out.octets_.empty();
  if (good && slash != std::string_view::npos) {
    const auto length = prefix_length(pattern.substr(slash + 1));
    good = length && *length <= out.bits_;
    if (good) out.bits_ = *length;
  }
  if (!good) {
    return fail(Code::config_bad_value, "'{}' is no IP pattern: write 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32",
                shown(pattern));
  }
  Bytes network = out.octets_;
  for (std::size_t bit = out.bits_; bit < network.size() * 8; ++bit) {
    network[bit / 8] = static_cast<std::uint8_t>(network[bit / 8] & ~(0x80U >> (bit % 8)));
  }
  if (network != out.octets_) {
    return fail(Code::config_bad_value, "'{}' has bits beyond its prefix: write {}/{}", shown(pattern),
                ip_text(network), out.bits_);
  }
  return out;
}

bool IpPattern::matches(ByteView octets) const {
  return octets.size() == octets_.size() && bits_agree(octets, octets_, bits_);
}

bool IpPattern::matches(std::string_view address) const { return matches(ByteView(ip_octets(address))); }

bool IpPattern::might_match(ByteView octets) const {
  constexpr std::size_t kPrefix = 12;
  const bool mapped =
      octets.size() == 16 && std::ranges::all_of(octets.first(kPrefix - 2), [](auto o) { return o == 0; }) &&
      octets[kPrefix - 2] == octets[kPrefix - 1] && (octets[kPrefix - 1] == 0 || octets[kPrefix - 1] == 0xFF);
  return matches(octets) || (mapped && matches(octets.subspan(kPrefix)));
}

bool IpPattern::might_match(std::string_view address) const { return might_match(ByteView(ip_octets(address))); }

std::string IpPattern::normal() const { return ip_text(octets_); }

}  // namespace symbolon::policy
