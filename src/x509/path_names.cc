#include "x509/path_names.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "x509/name_text.h"

namespace symbolon::x509 {
namespace {

using P = CertificateProblem;
using Fault = std::optional<PathFault>;
using NameConstraintsHandle = crypto::Handle<NAME_CONSTRAINTS, NAME_CONSTRAINTS_free>;

enum class Side { permitted, excluded };

// One subtree's base: text as it stands, or octets of an address range.
struct Base {
  NameKind kind;
  std::string text;
};

struct Constraints {
  std::vector<Base> permitted;
  std::vector<Base> excluded;
  std::size_t size() const { return permitted.size() + excluded.size(); }
};

ByteView octets_of(const ASN1_STRING* text) {
  return {ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))};
}

// The kinds that are judged here.
std::optional<Base> base_of(const GENERAL_NAME* name) {
  int type = 0;
  const void* const value = GENERAL_NAME_get0_value(name, &type);
  const auto text = [&] { return std::string(as_text(octets_of(static_cast<const ASN1_STRING*>(value)))); };
  switch (type) {
    case GEN_DNS: return Base{NameKind::dns, text()};
    case GEN_EMAIL: return Base{NameKind::email, text()};
    case GEN_URI: return Base{NameKind::uri, text()};
    case GEN_IPADD: return Base{NameKind::ip, text()};
    default: return {};
  }
}

// RFC 5280 §4.2.1.10: "the minimum MUST be zero, and maximum MUST be absent"; false when they are not.
bool read_subtrees(const STACK_OF(GENERAL_SUBTREE) * subtrees, std::vector<Base>& out) {
  for (int i = 0; i < sk_GENERAL_SUBTREE_num(subtrees); ++i) {
    const GENERAL_SUBTREE* const subtree = sk_GENERAL_SUBTREE_value(subtrees, i);
    if (subtree->maximum != nullptr) return false;
    if (subtree->minimum != nullptr && ASN1_INTEGER_get(subtree->minimum) != 0) return false;
    if (auto base = base_of(subtree->base)) out.push_back(std::move(*base));
  }
  return true;
}

// A leading dot means: only what is below. RFC 5280 knows it for e-mail and URI; CAs write it for DNS too.
bool is_domain_base(std::string_view base) {
  if (base.starts_with('.')) base.remove_prefix(1);
  return is_host_name(base);
}

bool dns_hits(std::string_view name, std::string_view base, Side side) {
  if (base.empty()) return true;
  const bool only_below = base.starts_with('.');
  const std::string_view domain = only_below ? base.substr(1) : base;
  if (name.starts_with("*.")) {
    const std::string_view parent = name.substr(2);
    if (within_domain(parent, domain)) return true;  // then every name of the wildcard lies below the domain
    // Some name of the wildcard is the domain itself, or lies above none of it.
    const auto dot = domain.find('.');
    return side == Side::excluded && dot != std::string_view::npos &&
           equal_ignoring_case(domain.substr(dot + 1), parent);
  }
  if (!within_domain(name, domain)) return false;
  return side == Side::excluded || !only_below || name.size() > domain.size();
}

bool host_hits(std::string_view host, std::string_view base) {
  if (base.starts_with('.')) return host.size() >= base.size() && within_domain(host, base.substr(1));
  return equal_ignoring_case(host, base);
}

bool mail_hits(const MailAddress& address, std::string_view base, Side side) {
  if (base.empty()) return side == Side::excluded;
  const auto at = base.rfind('@');
  if (at == std::string_view::npos) return host_hits(address.host, base);
  if (!equal_ignoring_case(address.host, base.substr(at + 1))) return false;
  const std::string_view local = base.substr(0, at);
  return side == Side::excluded ? equal_ignoring_case(address.local, local) : address.local == local;
}

bool range_hits(ByteView address, ByteView range) {
  if (range.size() != 2 * address.size()) return false;
  for (std::size_t i = 0; i < address.size(); ++i) {
    const auto mask = range[address.size() + i];
    if ((address[i] & mask) != (range[i] & mask)) return false;
  }
  return true;
}

// 8 or 32 octets, the mask's ones before its zeros (RFC 4632 §3.1).
bool is_range(ByteView range) {
  if (range.size() != 8 && range.size() != 32) return false;
  bool ended = false;
  for (const std::uint8_t octet : range.subspan(range.size() / 2)) {
    for (unsigned bit = 0x80; bit != 0; bit >>= 1) {
      const bool one = (octet & bit) != 0;
      if (one && ended) return false;
      ended = ended || !one;
    }
  }
  return true;
}

std::optional<ByteView> mapped_ipv4(ByteView address) {
  static constexpr std::uint8_t kPrefix[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (address.size() != 16 || !std::ranges::equal(address.first(12), kPrefix)) return {};
  return address.subspan(12);
}

bool ip_hits(ByteView address, ByteView range, Side side) {
  if (range_hits(address, range)) return true;
  const auto mapped = side == Side::excluded ? mapped_ipv4(address) : std::nullopt;
  return mapped && range_hits(*mapped, range);
}

// A base that nobody can hold a name against.
bool is_malformed(const Base& base) {
  switch (base.kind) {
    case NameKind::dns:
    case NameKind::uri: return !base.text.empty() && !is_domain_base(base.text);
    case NameKind::email:
      return !base.text.empty() && !is_domain_base(base.text) && !split_mail_address(base.text).has_value();
    case NameKind::ip: return !is_range(as_bytes(base.text));
    default: return false;
  }
}

// A name of the certificate in the form that it is compared by; nothing when it has none.
struct Comparable {
  NameKind kind;
  std::string text;          // dns and uri: host; ip: octets
  MailAddress address = {};  // email
};

std::optional<Comparable> comparable(const GeneralName& name) {
  switch (name.kind) {
    case NameKind::dns: {
      const std::string_view host = name.value.starts_with("*.") ? std::string_view(name.value).substr(2) : name.value;
      if (!is_host_name(host)) return {};
      return Comparable{name.kind, name.value};
    }
    case NameKind::uri: {
      auto host = host_of_uri(name.value);
      if (!host) return {};
      return Comparable{name.kind, std::move(*host)};
    }
    case NameKind::email: {
      auto address = split_mail_address(name.value);
      if (!address) return {};
      return Comparable{name.kind, {}, std::move(*address)};
    }
    default:
      if (name.octets.size() != 4 && name.octets.size() != 16) return {};
      return Comparable{name.kind, std::string(as_text(name.octets))};
  }
}

bool hits(const Comparable& name, const Base& base, Side side) {
  switch (name.kind) {
    case NameKind::dns: return dns_hits(name.text, base.text, side);
    case NameKind::email: return mail_hits(name.address, base.text, side);
    case NameKind::uri: return base.text.empty() ? side == Side::excluded : host_hits(name.text, base.text);
    default: return ip_hits(as_bytes(name.text), as_bytes(base.text), side);
  }
}

// What is wrong with this name; empty when nothing is.
std::string judge(const GeneralName& name, const Constraints& constraints) {
  const auto same_kind = [&](const Base& base) { return base.kind == name.kind; };
  const bool permits = std::ranges::any_of(constraints.permitted, same_kind);
  if (!permits && std::ranges::none_of(constraints.excluded, same_kind)) return {};
  const auto subject = comparable(name);
  if (!subject) return "cannot be held against the name constraints";
  const auto hit = [&](Side side) {
    return [&, side](const Base& base) { return same_kind(base) && hits(*subject, base, side); };
  };
  if (std::ranges::any_of(constraints.excluded, hit(Side::excluded))) return "lies in an excluded subtree";
  if (permits && std::ranges::none_of(constraints.permitted, hit(Side::permitted))) {
    return "lies in no permitted subtree";
  }
  return {};
}

// RFC 5280 §4.2.1.10: e-mail addresses of the subject count, too.
std::vector<GeneralName> names_of(const Certificate& certificate) {
  std::vector<GeneralName> names = certificate.subject_alt_names();
  for (std::string& address : certificate.subject().values("emailAddress")) {
    names.push_back({NameKind::email, std::move(address)});
  }
  std::erase_if(names, [](const GeneralName& name) {
    return name.kind != NameKind::dns && name.kind != NameKind::email && name.kind != NameKind::uri &&
           name.kind != NameKind::ip;
  });
  return names;
}

PathFault violation(std::size_t index, std::string detail) {
  return {P::name_constraint, index, "RFC 5280 §4.2.1.10", std::move(detail)};
}

// The constraints of one CA, or why they cannot be used.
std::expected<Constraints, PathFault> constraints_of(const Certificate& ca, std::size_t index, PathCheck check) {
  int found = 0;
  const NameConstraintsHandle raw(
      static_cast<NAME_CONSTRAINTS*>(X509_get_ext_d2i(ca.get(), NID_name_constraints, &found, nullptr)));
  ERR_clear_error();
  if (!raw && found == -1) return Constraints{};
  const auto bad = [&](std::string_view what) {
    return std::unexpected(violation(index, fmt::format("{}: its name constraints {}", ca.text(), what)));
  };
  if (!raw) {
    return std::unexpected(PathFault{P::malformed, index, "RFC 5280 §4.2.1.10",
                                     fmt::format("{}: its nameConstraints cannot be read", ca.text())});
  }
  Constraints out;
  if (!read_subtrees(raw->permittedSubtrees, out.permitted) || !read_subtrees(raw->excludedSubtrees, out.excluded)) {
    return bad("use minimum or maximum");
  }
  if (std::ranges::any_of(out.permitted, is_malformed) || std::ranges::any_of(out.excluded, is_malformed)) {
    return bad("hold a subtree that is not well-formed");
  }
  const auto has_leading_dot = [](const Base& base) {
    return base.kind == NameKind::dns && base.text.starts_with('.');
  };
  if (check == PathCheck::strict &&
      (std::ranges::any_of(out.permitted, has_leading_dot) || std::ranges::any_of(out.excluded, has_leading_dot))) {
    return bad("hold a dNSName with a leading dot");
  }
  return out;
}

}  // namespace

std::optional<PathFault> check_name_constraints(std::span<const Certificate> path, PathCheck check) {
  std::size_t comparisons = 0;
  for (std::size_t ca = path.size(); ca-- > 1;) {
    const auto constraints = constraints_of(path[ca], ca, check);
    if (!constraints) return constraints.error();
    if (constraints->size() == 0) continue;
    for (std::size_t index = ca; index-- > 0;) {
      // RFC 5280 §6.1.3 (b): "if certificate i is self-issued and it is not the final certificate in the path, skip
      // this step".
      if (index != 0 && path[index].self_issued()) continue;
      const std::vector<GeneralName> names = names_of(path[index]);
      comparisons += names.size() * constraints->size();
      if (comparisons > PathLimits::kNames) {
        return PathFault{P::path_too_complex, index, "RFC 5280 §6.1",
                         fmt::format("{} names against {} name constraints", names.size(), constraints->size())};
      }
      for (const GeneralName& name : names) {
        const std::string wrong = judge(name, *constraints);
        if (!wrong.empty()) return violation(index, fmt::format("{} {} of {}", name.text(), wrong, path[ca].text()));
      }
    }
  }
  return {};
}

}  // namespace symbolon::x509
