#include "x509/name_constraints.h"

#include <algorithm>
#include <charconv>

#include "x509/der_reader.h"
#include "x509/der_writer.h"

namespace symbolon::x509 {
namespace {

// RFC 5280 §4.2.1.10: an address and a mask of the same length, "in the style of RFC 4632 (CIDR)".
Result<NameSubtree> parse_range(std::string_view text) {
  const auto slash = text.find('/');
  const GeneralName address = TRY(GeneralName::ip(text.substr(0, slash)));
  const unsigned most = static_cast<unsigned>(address.octets.size()) * 8;
  unsigned length = most;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (problem != std::errc() || end != digits.data() + digits.size() || length > most) {
      return fail(Code::name_malformed, "'{}' is not an address range: the prefix is 0 to {}", text, most);
    }
  }
  NameSubtree out{NameKind::ip, fmt::format("{}/{}", address.value, length), address.octets};
  for (unsigned bit = 0; bit < most; bit += 8) {
    const unsigned inside = length > bit ? std::min(8U, length - bit) : 0;
    const auto mask = static_cast<std::uint8_t>(0xff00U >> inside);
    if ((address.octets[bit / 8] & static_cast<std::uint8_t>(~mask)) != 0) {
      return fail(Code::name_malformed, "'{}' is not an address range: bits are set behind the prefix", text);
    }
    out.octets.push_back(mask);
  }
  return out;
}

// A host, or with a leading dot those below it.
Status check_host(std::string_view host) {
  if (host.starts_with('.')) host.remove_prefix(1);
  if (host.find('*') != std::string_view::npos) {
    return fail(Code::name_malformed, "'{}': constraints take no wildcard", host);
  }
  TRY(GeneralName::dns(host));
  return {};
}

Result<NameSubtree> parse_text(NameKind kind, std::string_view text) {
  if (kind == NameKind::email && text.find('@') != std::string_view::npos) {
    return NameSubtree{kind, TRY(GeneralName::email(text)).value};
  }
  if (kind == NameKind::dns && text.starts_with('.')) {
    return fail(Code::name_malformed, "'{}': write '{}', it covers what is below it", text, text.substr(1));
  }
  TRY(check_host(text));
  return NameSubtree{kind, std::string(text)};
}

Bytes encode_subtrees(std::uint8_t tag, const std::vector<NameSubtree>& subtrees) {
  Bytes list;
  for (const NameSubtree& subtree : subtrees) {
    std::uint8_t kind = 0x82;  // GeneralName's implicit tags
    if (subtree.kind == NameKind::email) kind = 0x81;
    if (subtree.kind == NameKind::uri) kind = 0x86;
    if (subtree.kind == NameKind::ip) kind = 0x87;
    const ByteView content = subtree.kind == NameKind::ip ? ByteView(subtree.octets) : as_bytes(subtree.value);
    // RFC 5280 §4.2.1.10: minimum is 0 (left out, as DER does) and maximum is absent.
    const Bytes one = der::element(der::tag::sequence, der::element(kind, content));
    list.insert(list.end(), one.begin(), one.end());
  }
  return list.empty() ? Bytes() : der::element(tag, list);
}

}  // namespace

Result<NameSubtree> NameSubtree::parse(std::string_view text) {
  if (text.starts_with("ip:")) return parse_range(text.substr(3));
  if (text.starts_with("dns:")) return parse_text(NameKind::dns, text.substr(4));
  if (text.starts_with("email:")) return parse_text(NameKind::email, text.substr(6));
  if (text.starts_with("uri:")) return parse_text(NameKind::uri, text.substr(4));
  if (text.find('@') != std::string_view::npos) return parse_text(NameKind::email, text);
  if (text.find('/') != std::string_view::npos || GeneralName::ip(text)) return parse_range(text);
  return parse_text(NameKind::dns, text);
}

std::string NameSubtree::text() const { return fmt::format("{}:{}", name(kind), value); }

Result<NameConstraints> NameConstraints::parse(const std::vector<std::string>& permit,
                                               const std::vector<std::string>& exclude) {
  NameConstraints out;
  for (const std::string& word : permit) out.permitted.push_back(TRY(NameSubtree::parse(word)));
  for (const std::string& word : exclude) out.excluded.push_back(TRY(NameSubtree::parse(word)));
  return out;
}

Bytes encode(const NameConstraints& constraints) {
  ENSURE(!constraints.empty());
  const Bytes permitted = encode_subtrees(der::tag::context(0), constraints.permitted);
  const Bytes excluded = encode_subtrees(der::tag::context(1), constraints.excluded);
  return der::element(der::tag::sequence, {permitted, excluded});
}

}  // namespace symbolon::x509
