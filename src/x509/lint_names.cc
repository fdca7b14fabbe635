#include "x509/lint_names.h"

#include <algorithm>
#include <optional>

#include "base/utf8.h"
#include "x509/der_reader.h"
#include "x509/general_name_der.h"

namespace symbolon::x509 {
namespace {

struct AttributeRule {
  std::string_view oid;
  std::string_view name;
  std::size_t most;  // characters, RFC 5280 Appendix A.1
};
constexpr AttributeRule kAttributes[] = {
    {"2.5.4.3", "CN", 64},
    {"2.5.4.4", "SN", 40},
    {"2.5.4.5", "serialNumber", 64},
    {"2.5.4.6", "C", 2},
    {"2.5.4.7", "L", 128},
    {"2.5.4.8", "ST", 128},
    {"2.5.4.9", "street", 128},
    {"2.5.4.10", "O", 64},
    {"2.5.4.11", "OU", 64},
    {"2.5.4.12", "title", 64},
    {"2.5.4.42", "GN", 16},
    {"2.5.4.65", "pseudonym", 128},
    {"1.2.840.113549.1.9.1", "emailAddress", 255},
    {"0.9.2342.19200300.100.1.1", "UID", 256},
    {"0.9.2342.19200300.100.1.25", "DC", 63},
};

bool is_printable(char c) {  // X.680 §41.4
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view(" '()+,-./:=?").find(c) != std::string_view::npos;
}

// Characters of well-formed UTF-8 (RFC 3629 §4), none of which deceives whoever reads the name.
std::optional<std::size_t> count_utf8(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) {
    const Utf8Character character = first_character(text);
    if (character.octets == 0 || is_deceptive(character.point)) return std::nullopt;
    text.remove_prefix(character.octets);
  }
  return count;
}

// " admin " is shown as "admin", and is equal to it for whoever compares as RFC 4518 §2.6.1 says.
bool has_blank_end(std::string_view text) {
  if (text.empty()) return false;
  std::size_t last = text.size() - 1;
  while (last > 0 && first_character(text.substr(last)).octets == 0) --last;
  return is_blank(first_character(text).point) || is_blank(first_character(text.substr(last)).point);
}

// How many characters the value has; nothing when it holds what it must not.
std::optional<std::size_t> count_characters(const der::Element& value) {
  const std::string_view text = as_text(value.content);
  switch (value.tag) {
    case der::tag::utf8_string: return count_utf8(text);
    case der::tag::printable_string:
      return std::ranges::all_of(text, is_printable) ? std::optional(text.size()) : std::nullopt;
    case der::tag::ia5_string:
      return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; }) ? std::optional(text.size())
                                                                                     : std::nullopt;
    default: return std::nullopt;
  }
}

void lint_attribute(const der::Element& attribute, const Report& report) {
  der::Reader parts(attribute.content);
  const auto type = parts.next(der::tag::object_identifier);
  const auto value = parts.next();
  const auto oid = type ? der::oid_text(type->content) : std::nullopt;
  if (!oid || !value || !parts.at_end()) return report(Code::lint_encoding, "an attribute of a name cannot be read");
  const auto* const rule = std::ranges::find(kAttributes, *oid, &AttributeRule::oid);
  const std::string_view name = rule != std::end(kAttributes) ? rule->name : std::string_view(*oid);
  const auto count = count_characters(*value);
  // RFC 5280 §4.1.2.4: "CAs MUST use either the PrintableString or UTF8String encoding of DirectoryString"; the two
  // attributes that are IA5String by their definition are told apart by their names.
  const bool ia5 = value->tag == der::tag::ia5_string;
  const bool may_be_ia5 = name == "emailAddress" || name == "DC";
  if (!count || ia5 != may_be_ia5) {
    return report(
        Code::lint_name_characters,
        fmt::format("the value of {} (string type {}) holds NUL, control or invisible characters, or a wrong encoding",
                    name, value->tag));
  }
  if (has_blank_end(as_text(value->content))) {
    return report(Code::lint_name_characters, fmt::format("the value of {} begins or ends with a blank", name));
  }
  if (*count == 0) return report(Code::lint_name_characters, fmt::format("the value of {} is empty", name));
  if (rule != std::end(kAttributes) && *count > rule->most) {
    report(Code::lint_name_too_long,
           fmt::format("{} has {} characters, at most {} are allowed", name, *count, rule->most));
  }
}

bool wildcard_misplaced(std::string_view name) {
  const auto star = name.find('*');
  if (star == std::string_view::npos) return false;
  return star != 0 || !name.starts_with("*.") || name.find('*', 1) != std::string_view::npos;
}

}  // namespace

void lint_name(ByteView name, const Report& report) {
  const auto list = der::only(name, der::tag::sequence);
  if (!list) return report(Code::lint_encoding, "a name cannot be read");
  der::Reader sets(list->content);
  while (!sets.at_end()) {
    const auto set = sets.next(der::tag::set);
    if (!set || set->content.empty()) return report(Code::lint_encoding, "a name cannot be read");
    der::Reader attributes(set->content);
    while (!attributes.at_end()) {
      const auto attribute = attributes.next(der::tag::sequence);
      if (!attribute) return report(Code::lint_encoding, "an attribute of a name cannot be read");
      lint_attribute(*attribute, report);
    }
  }
}

void lint_alt_names(const std::vector<GeneralName>& names, const Report& report) {
  for (const GeneralName& name : names) {
    // RFC 5280 §4.2.1.6: "conforming CAs MUST NOT issue certificates with subjectAltName extensions containing a
    // dNSName of " ""; empty names of other kinds are of as little use.
    if (name.value.empty() || name.value == " ") {
      report(Code::lint_san_empty, fmt::format("a name of the kind '{}' is empty", x509::name(name.kind)));
      continue;
    }
    const auto visible = [](char c) { return c >= 0x20 && c < 0x7f; };
    if (name.kind != NameKind::directory && !std::ranges::all_of(name.value, visible)) {
      report(Code::lint_name_characters,
             fmt::format("a name of the kind '{}' holds NUL, control characters or other than ASCII",
                         x509::name(name.kind)));
      continue;
    }
    if (name.kind == NameKind::dns && wildcard_misplaced(name.value)) {
      report(Code::lint_san_wildcard, fmt::format("'{}'", name.value));
      continue;
    }
    const auto good = checked(name);
    if (!good) {
      report(Code::lint_san_malformed, good.error().words);
    } else if (good->value != name.value || (name.kind == NameKind::ip && good->octets != name.octets)) {
      report(Code::lint_san_malformed, fmt::format("'{}' should be written '{}'", name.text(), good->text()));
    }
  }
}

void lint_spiffe_uri(const std::vector<GeneralName>& names, const Report& report) {
  const auto uris = std::ranges::count(names, NameKind::uri, &GeneralName::kind);
  const auto uri = std::ranges::find(names, NameKind::uri, &GeneralName::kind);
  if (uris != 1) return report(Code::lint_svid_uri, fmt::format("there are {} URIs", uris));
  constexpr std::string_view kScheme = "spiffe://";
  const std::string_view id = uri->value;
  // X509-SVID §2; SPIFFE-ID §2: a leaf's ID has a path, one without is the trust domain's own.
  if (!id.starts_with(kScheme) || id.find('/', kScheme.size()) == std::string_view::npos) {
    report(Code::lint_svid_uri, fmt::format("'{}' is no SPIFFE ID of a workload (spiffe://domain/path)", id));
  }
}

}  // namespace symbolon::x509
