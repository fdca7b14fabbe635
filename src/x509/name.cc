#include "x509/name.h"

#include <openssl/err.h>
#include <openssl/objects.h>

#include <strings.h>

#include <algorithm>

#include "crypto/openssl_error.h"

namespace symbolon::x509 {
namespace {

std::string object_text(const ASN1_OBJECT* object) {
  if (const int nid = OBJ_obj2nid(object); nid != NID_undef) return OBJ_nid2sn(nid);
  char dotted[128];
  const int size = OBJ_obj2txt(dotted, sizeof dotted, object, 1);
  return {dotted, static_cast<std::size_t>(std::clamp(size, 0, static_cast<int>(sizeof dotted) - 1))};
}

// UTF-8 of any string type of ASN.1; "#" and hexadecimal where it has none.
std::string decode_value(const ASN1_STRING* value) {
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, value);
  if (size < 0) {
    ERR_clear_error();
    return "#" + to_hex({ASN1_STRING_get0_data(value), static_cast<std::size_t>(ASN1_STRING_length(value))});
  }
  std::string out(reinterpret_cast<char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  return out;
}

// RFC 4514 §3: "o=" is "O="; the library knows only its own spelling.
crypto::Asn1Object attribute_type(const std::string& type) {
  crypto::Asn1Object found(OBJ_txt2obj(type.c_str(), 0));
  if (found) return found;
  for (const char* const known :
       {"CN", "O", "OU", "C", "L", "ST", "DC", "UID", "SN", "GN", "street", "title", "serialNumber", "emailAddress"}) {
    if (strcasecmp(type.c_str(), known) == 0) found.reset(OBJ_txt2obj(known, 0));
  }
  return found;
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

void append_escaped(std::string& out, std::string_view value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    const bool edge_blank = c == ' ' && (i == 0 || i + 1 == value.size());
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\{:02X}", static_cast<unsigned char>(c));
    } else {
      if (edge_blank || (c == '#' && i == 0) || std::string_view(",+\"\\<>;=").find(c) != std::string_view::npos)
        out += '\\';
      out += c;
    }
  }
}

// RFC 5280 §7.1 in the simple form that OpenSSL uses: case of ASCII folded, blanks trimmed and collapsed.
void append_canonical(Bytes& out, std::string_view type, std::string_view value) {
  std::string folded;
  for (const char c : value) {
    const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
    if (blank && (folded.empty() || folded.back() == ' ')) continue;
    folded += blank ? ' ' : (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  if (!folded.empty() && folded.back() == ' ') folded.pop_back();
  const auto append = [&](std::string_view text) {
    const auto size = static_cast<std::uint32_t>(text.size());
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(size >> shift));
    out.insert(out.end(), text.begin(), text.end());
  };
  append(type);
  append(folded);
}

}  // namespace

struct DistinguishedName::Impl {
  std::vector<NameAttribute> attributes;
  std::vector<int> sets;  // which RDN each attribute belongs to
  Bytes der;
  Bytes canonical;
};

DistinguishedName::DistinguishedName() {
  static const auto kEmpty = [] {
    auto impl = std::make_shared<Impl>();
    impl->der = {0x30, 0x00};
    return impl;
  }();
  impl_ = kEmpty;
}

DistinguishedName DistinguishedName::from_handle(const X509_NAME* name) {
  auto impl = std::make_shared<Impl>();
  const int count = X509_NAME_entry_count(name);
  for (int i = 0; i < count; ++i) {
    const X509_NAME_ENTRY* const entry = X509_NAME_get_entry(name, i);
    impl->attributes.push_back(
        {object_text(X509_NAME_ENTRY_get_object(entry)), decode_value(X509_NAME_ENTRY_get_data(entry))});
    impl->sets.push_back(X509_NAME_ENTRY_set(entry));
    impl->canonical.push_back(static_cast<std::uint8_t>(impl->sets.back()));
    append_canonical(impl->canonical, impl->attributes.back().type, impl->attributes.back().value);
  }
  const unsigned char* der = nullptr;
  std::size_t size = 0;
  if (X509_NAME_get0_der(name, &der, &size) == 1) impl->der.assign(der, der + size);
  DistinguishedName out;
  out.impl_ = std::move(impl);
  return out;
}

Result<DistinguishedName> DistinguishedName::from_attributes(std::vector<NameAttribute> attributes) {
  const crypto::X509NameHandle name(X509_NAME_new());
  for (const NameAttribute& attribute : attributes) {
    const crypto::Asn1Object type = attribute_type(attribute.type);
    if (!type) {
      ERR_clear_error();
      return fail(Code::name_malformed, "'{}' is not a type of name attribute (CN, O, OU, C, L, ST, ...)",
                  attribute.type);
    }
    if (attribute.value.empty()) return fail(Code::name_malformed, "the value of '{}' is empty", attribute.type);
    if (has_control(attribute.value)) {
      return fail(Code::name_malformed, "the value of '{}' holds control characters", attribute.type);
    }
    // The library chooses the string type and holds the upper bounds of RFC 5280 Appendix A.1.
    if (X509_NAME_add_entry_by_OBJ(name.get(), type.get(), MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(attribute.value.data()),
                                   static_cast<int>(attribute.value.size()), -1, 0) != 1) {
      return crypto::openssl_failure(Code::name_malformed,
                                     fmt::format("'{}={}' cannot be encoded", attribute.type, attribute.value));
    }
  }
  return from_handle(name.get());
}

Result<DistinguishedName> DistinguishedName::parse(std::string_view text) {
  std::vector<NameAttribute> attributes;
  std::size_t at = 0;
  const auto bad = [&](std::string_view why) {
    return fail(Code::name_malformed, "'{}': {} at {}", text, why, at + 1);
  };
  while (at < text.size()) {
    NameAttribute attribute;
    while (at < text.size() && text[at] == ' ') ++at;
    while (at < text.size() && text[at] != '=') attribute.type += text[at++];
    if (at == text.size()) return bad("'=' is missing");
    ++at;
    while (at < text.size() && text[at] == ' ') ++at;
    std::size_t kept = 0;  // trailing blanks that are not escaped go
    while (at < text.size() && text[at] != ',' && text[at] != '+') {
      if (text[at] != '\\') {
        attribute.value += text[at++];
        if (attribute.value.back() != ' ') kept = attribute.value.size();
        continue;
      }
      if (++at == text.size()) return bad("'\\' at the end");
      if (const auto octet = from_hex(text.substr(at, 2)); octet && octet->size() == 1) {
        attribute.value += static_cast<char>(octet->front());
        at += 2;
      } else {
        attribute.value += text[at++];
      }
      kept = attribute.value.size();
    }
    attribute.value.resize(kept);
    if (at < text.size() && text[at] == '+') return bad("several attributes in one RDN are not taken");
    if (at < text.size() && ++at == text.size()) return bad("nothing after ','");
    attributes.push_back(std::move(attribute));
  }
  std::ranges::reverse(attributes);
  return from_attributes(std::move(attributes));
}

Result<DistinguishedName> DistinguishedName::from_der(ByteView der) {
  const unsigned char* at = der.data();
  const crypto::X509NameHandle name(d2i_X509_NAME(nullptr, &at, static_cast<long>(der.size())));
  if (!name || at != der.data() + der.size()) return crypto::openssl_failure(Code::name_malformed, "not a name in DER");
  return from_handle(name.get());
}

const std::vector<NameAttribute>& DistinguishedName::attributes() const { return impl_->attributes; }
ByteView DistinguishedName::der() const { return impl_->der; }
ByteView DistinguishedName::canonical() const { return impl_->canonical; }

std::vector<std::string> DistinguishedName::values(std::string_view type) const {
  std::vector<std::string> out;
  for (const NameAttribute& attribute : impl_->attributes) {
    if (attribute.type == type) out.push_back(attribute.value);
  }
  return out;
}

std::optional<std::string> DistinguishedName::common_name() const {
  auto names = values("CN");
  if (names.empty()) return std::nullopt;
  return std::move(names.back());
}

std::string DistinguishedName::text() const {
  std::string out;
  for (std::size_t i = impl_->attributes.size(); i-- > 0;) {
    const NameAttribute& attribute = impl_->attributes[i];
    if (!out.empty()) out += impl_->sets[i] == impl_->sets[i + 1] ? '+' : ',';
    out += attribute.type;
    out += '=';
    append_escaped(out, attribute.value);
  }
  return out;
}

bool DistinguishedName::operator==(const DistinguishedName& other) const {
  return impl_->canonical == other.impl_->canonical;
}

crypto::X509NameHandle DistinguishedName::handle() const {
  const unsigned char* at = impl_->der.data();
  crypto::X509NameHandle name(d2i_X509_NAME(nullptr, &at, static_cast<long>(impl_->der.size())));
  ENSURE(name != nullptr);
  return name;
}

}  // namespace symbolon::x509
