#include "policy/name_pattern.h"

#include "policy/name_text.h"

namespace symbolon::policy {

Result<NamePattern> NamePattern::make(PatternKind kind, std::string_view pattern) {
  switch (kind) {
    case PatternKind::dns: return NamePattern(kind, pattern, TRY(DnsPattern::parse(pattern)));
    case PatternKind::uri: return NamePattern(kind, pattern, TRY(UriPattern::parse(pattern)));
    case PatternKind::email: return NamePattern(kind, pattern, TRY(EmailPattern::parse(pattern)));
    case PatternKind::ip: return NamePattern(kind, pattern, TRY(IpPattern::parse(pattern)));
    case PatternKind::text: break;
  }
  return NamePattern(PatternKind::text, pattern, TRY(TextPattern::parse(pattern)));
}

Result<NamePattern> NamePattern::dns(std::string_view pattern) { return make(PatternKind::dns, pattern); }
Result<NamePattern> NamePattern::uri(std::string_view pattern) { return make(PatternKind::uri, pattern); }
Result<NamePattern> NamePattern::email(std::string_view pattern) { return make(PatternKind::email, pattern); }
Result<NamePattern> NamePattern::ip(std::string_view pattern) { return make(PatternKind::ip, pattern); }
Result<NamePattern> NamePattern::text(std::string_view pattern) { return make(PatternKind::text, pattern); }

bool NamePattern::matches(std::string_view name) const {
  return std::visit([&](const auto& form) { return form.matches(name); }, form_);
}

bool NamePattern::matches_ip(ByteView octets) const {
  const IpPattern* form = std::get_if<IpPattern>(&form_);
  return form != nullptr && form->matches(octets);
}

bool NamePattern::might_match(std::string_view name) const {
  return std::visit([&](const auto& form) { return form.might_match(name); }, form_);
}

bool NamePattern::might_match_ip(ByteView octets) const {
  const IpPattern* form = std::get_if<IpPattern>(&form_);
  return form != nullptr && form->might_match(octets);
}

bool NamePattern::matches(const x509::GeneralName& name) const {
  switch (kind_) {
    case PatternKind::dns: return name.kind == x509::NameKind::dns && matches(name.value);
    case PatternKind::uri: return name.kind == x509::NameKind::uri && matches(name.value);
    case PatternKind::email: return name.kind == x509::NameKind::email && matches(name.value);
    case PatternKind::ip: return name.kind == x509::NameKind::ip && matches_ip(name.octets);
    case PatternKind::text: break;
  }
  return false;
}

bool NamePattern::exact() const {
  return std::visit([](const auto& form) { return form.exact(); }, form_);
}

std::string NamePattern::normal() const {
  return std::visit([](const auto& form) { return std::string(form.normal()); }, form_);
}

std::string normal_form(PatternKind kind, std::string_view name) {
  switch (kind) {
    case PatternKind::dns: return lower(name);
    case PatternKind::uri: return normal_uri(name);
    case PatternKind::email: return normal_email(name);
    case PatternKind::ip: return ip_text(ip_octets(name));
    case PatternKind::text: break;
  }
  return std::string(name);
}

}  // namespace symbolon::policy
