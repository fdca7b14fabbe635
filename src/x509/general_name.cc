// subjectAltName and its kin: checked forms for names we certify, total reading of names others did.
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "x509/name.h"

namespace symbolon::x509 {
namespace {

bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

template <typename Visit>
bool all_parts(std::string_view text, char separator, Visit&& visit) {
  while (true) {
    const auto end = text.find(separator);
    if (!visit(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

// RFC 1034 §3.5 as RFC 5280 §4.2.1.6 takes it: letters, digits, hyphens; labels of 1 to 63; 253 in all.
Status check_host(std::string_view host, std::string_view whole) {
  const auto bad = [&](std::string_view why) {
    return fail(Code::name_malformed, "'{}' is not a DNS name: {}", whole, why);
  };
  if (host.empty() || host.size() > 253) return bad("it must have 1 to 253 characters");
  std::string_view last;
  std::string_view problem;
  const bool good = all_parts(host, '.', [&](std::string_view label) {
    last = label;
    if (label.empty() || label.size() > 63) {
      problem = "each label must have 1 to 63 characters";
    } else if (label.front() == '-' || label.back() == '-') {
      problem = "a label must not begin or end with '-'";
    } else if (!std::ranges::all_of(label, [](char c) { return is_alnum(c) || c == '-'; })) {
      problem = "only letters, digits and '-' are allowed (international names in their xn-- form)";
    }
    return problem.empty();
  });
  if (!good) return bad(problem);
  if (std::ranges::all_of(last, is_digit)) return bad("it looks like an IP address");
  return {};
}

Status check_spiffe(std::string_view uri) {
  const auto bad = [&](std::string_view why) {
    return fail(Code::name_malformed, "'{}' is not a SPIFFE ID: {}", uri, why);
  };
  if (uri.size() > 2048) return bad("longer than 2048 octets");
  std::string_view rest = uri.substr(std::string_view("spiffe://").size());
  const auto slash = rest.find('/');
  const std::string_view domain = rest.substr(0, slash);
  const auto in_domain = [](char c) {
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '.' || c == '-' || c == '_';
  };
  if (domain.empty() || domain.size() > 255 || !std::ranges::all_of(domain, in_domain)) {
    return bad("the trust domain takes only a-z, 0-9, '.', '-' and '_'");
  }
  if (slash == std::string_view::npos) return {};
  const bool good = all_parts(rest.substr(slash + 1), '/', [](std::string_view segment) {
    return !segment.empty() && segment != "." && segment != ".." &&
           std::ranges::all_of(segment, [](char c) { return is_alnum(c) || c == '.' || c == '-' || c == '_'; });
  });
  if (!good) return bad("a path segment is empty, '.', '..', or holds other than letters, digits, '.', '-', '_'");
  return {};
}

std::string ip_text(ByteView octets) {
  char text[INET6_ADDRSTRLEN] = {};
  if (octets.size() == 4) return inet_ntop(AF_INET, octets.data(), text, sizeof text);
  if (octets.size() == 16) return inet_ntop(AF_INET6, octets.data(), text, sizeof text);
  return "#" + to_hex(octets);
}

ByteView octets_of(const ASN1_STRING* text) {
  return {ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string dotted(const ASN1_OBJECT* object) {
  char text[128];
  const int size = OBJ_obj2txt(text, sizeof text, object, 1);
  return {text, static_cast<std::size_t>(std::clamp(size, 0, static_cast<int>(sizeof text) - 1))};
}

GeneralName from_openssl(const GENERAL_NAME* raw) {
  int type = 0;
  void* const value = GENERAL_NAME_get0_value(raw, &type);
  switch (type) {
    case GEN_DNS: return {NameKind::dns, std::string(as_text(octets_of(static_cast<ASN1_STRING*>(value))))};
    case GEN_EMAIL: return {NameKind::email, std::string(as_text(octets_of(static_cast<ASN1_STRING*>(value))))};
    case GEN_URI: return {NameKind::uri, std::string(as_text(octets_of(static_cast<ASN1_STRING*>(value))))};
    case GEN_IPADD: {
      const ByteView octets = octets_of(static_cast<ASN1_STRING*>(value));
      return {NameKind::ip, ip_text(octets), to_bytes(octets)};
    }
    case GEN_DIRNAME:
      return {NameKind::directory, DistinguishedName::from_handle(static_cast<X509_NAME*>(value)).text()};
    case GEN_RID: return {NameKind::registered_id, dotted(static_cast<ASN1_OBJECT*>(value))};
    default: break;
  }
  GeneralName out{NameKind::other, {}};
  unsigned char* der = nullptr;
  if (const int size = i2d_GENERAL_NAME(raw, &der); size > 0) {
    out.octets.assign(der, der + size);
    OPENSSL_free(der);
  }
  ASN1_OBJECT* oid = nullptr;
  ASN1_TYPE* ignored = nullptr;
  if (type == GEN_OTHERNAME && GENERAL_NAME_get0_otherName(raw, &oid, &ignored) == 1) out.value = dotted(oid);
  ERR_clear_error();
  return out;
}

}  // namespace

std::string_view name(NameKind kind) {
  switch (kind) {
    case NameKind::dns: return "dns";
    case NameKind::ip: return "ip";
    case NameKind::email: return "email";
    case NameKind::uri: return "uri";
    case NameKind::directory: return "directory";
    case NameKind::registered_id: return "registered_id";
    case NameKind::other: return "other";
  }
  return "other";
}

Result<GeneralName> GeneralName::dns(std::string_view name) {
  std::string_view host = name;
  if (host.starts_with("*.")) host.remove_prefix(2);
  TRY(check_host(host, name));
  if (host.size() != name.size() && host.find('.') == std::string_view::npos) {
    return fail(Code::name_malformed, "'{}' is not a DNS name: a wildcard needs two labels behind it", name);
  }
  return GeneralName{NameKind::dns, lowered(name)};
}

Result<GeneralName> GeneralName::ip(std::string_view address) {
  const std::string text(address);
  Bytes octets(16);
  if (inet_pton(AF_INET, text.c_str(), octets.data()) == 1) {
    octets.resize(4);
  } else if (inet_pton(AF_INET6, text.c_str(), octets.data()) != 1) {
    return fail(Code::name_malformed, "'{}' is not an IP address", address);
  }
  return GeneralName{NameKind::ip, ip_text(octets), octets};
}

Result<GeneralName> GeneralName::email(std::string_view address) {
  const auto at = address.rfind('@');
  const std::string_view local = address.substr(0, at);
  const auto atom = [](char c) {
    return is_alnum(c) || std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) != std::string_view::npos;
  };
  if (at == std::string_view::npos || local.empty() || local.size() > 64 || local.front() == '.' ||
      local.back() == '.' || !std::ranges::all_of(local, atom)) {
    return fail(Code::name_malformed, "'{}' is not an e-mail address (RFC 5321 §4.1.2)", address);
  }
  TRY(check_host(address.substr(at + 1), address));
  return GeneralName{NameKind::email, std::string(local) + "@" + lowered(address.substr(at + 1))};
}

Result<GeneralName> GeneralName::uri(std::string_view uri) {
  const auto colon = uri.find("://");
  const auto in_scheme = [](char c) { return is_alnum(c) || c == '+' || c == '-' || c == '.'; };
  const auto visible = [](char c) {
    return c > 0x20 && c < 0x7f && std::string_view("<>\"{}|\\^`").find(c) == std::string_view::npos;
  };
  // RFC 5280 §4.2.1.6: "The name MUST NOT be a relative URI".
  if (colon == std::string_view::npos || colon == 0 || is_digit(uri.front()) || uri.size() <= colon + 3 ||
      !std::ranges::all_of(uri.substr(0, colon), in_scheme) || !std::ranges::all_of(uri, visible)) {
    return fail(Code::name_malformed, "'{}' is not an absolute URI", uri);
  }
  std::string out = lowered(uri.substr(0, colon)) + std::string(uri.substr(colon));
  if (out.starts_with("spiffe://")) TRY(check_spiffe(out));
  return GeneralName{NameKind::uri, std::move(out)};
}

Result<GeneralName> GeneralName::parse(std::string_view text) {
  if (text.starts_with("dns:")) return dns(text.substr(4));
  if (text.starts_with("ip:")) return ip(text.substr(3));
  if (text.starts_with("email:")) return email(text.substr(6));
  if (text.starts_with("uri:")) return uri(text.substr(4));
  if (text.find("://") != std::string_view::npos) return uri(text);
  if (text.find('@') != std::string_view::npos) return email(text);
  if (auto address = ip(text)) return address;
  return dns(text);
}

std::string GeneralName::text() const { return fmt::format("{}:{}", name(kind), value); }

std::string text(const std::vector<GeneralName>& names) {
  std::string out;
  for (const GeneralName& name : names) out += (out.empty() ? "" : ", ") + name.text();
  return out;
}

std::vector<GeneralName> from_general_names(const GENERAL_NAMES* names) {
  std::vector<GeneralName> out;
  const int count = names == nullptr ? 0 : sk_GENERAL_NAME_num(names);
  for (int i = 0; i < count; ++i) out.push_back(from_openssl(sk_GENERAL_NAME_value(names, i)));
  return out;
}

}  // namespace symbolon::x509
