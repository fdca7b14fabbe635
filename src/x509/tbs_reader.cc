#include "x509/tbs_reader.h"

namespace symbolon::x509 {
namespace {

std::optional<TbsExtension> read_extension(const der::Element& element) {
  der::Reader parts(element.content);
  const auto id = parts.next(der::tag::object_identifier);
  const auto critical = parts.next(der::tag::boolean);
  const auto value = parts.next(der::tag::octet_string);
  const auto oid = id ? der::oid_text(id->content) : std::nullopt;
  if (!oid || !value || !parts.at_end()) return std::nullopt;
  // X.690 §11.1: TRUE is all ones.
  if (critical && (critical->content.size() != 1 || (critical->content[0] != 0 && critical->content[0] != 0xff))) {
    return std::nullopt;
  }
  const bool is_critical = critical && critical->content[0] != 0;
  return TbsExtension{
      .oid = *oid, .critical = is_critical, .false_is_written = critical && !is_critical, .value = value->content};
}

// extensions [3] EXPLICIT SEQUENCE SIZE (1..MAX) OF Extension
std::optional<std::vector<TbsExtension>> read_extensions(const der::Element& tagged) {
  const auto list = der::only(tagged.content, der::tag::sequence);
  if (!list || list->content.empty()) return std::nullopt;
  std::vector<TbsExtension> out;
  der::Reader reader(list->content);
  while (!reader.at_end()) {
    const auto element = reader.next(der::tag::sequence);
    auto extension = element ? read_extension(*element) : std::nullopt;
    if (!extension) return std::nullopt;
    out.push_back(std::move(*extension));
  }
  return out;
}

}  // namespace

std::optional<TbsFields> read_tbs(ByteView der) {
  const auto outer = der::only(der, der::tag::sequence);
  if (!outer || !der::well_formed(der)) return std::nullopt;
  der::Reader fields(outer->content);
  TbsFields out;
  if (const auto tagged = fields.next(der::tag::context(0))) {
    out.version = der::only(tagged->content, der::tag::integer);
    if (!out.version) return std::nullopt;
  }
  const auto serial = fields.next(der::tag::integer);
  const auto algorithm = fields.next(der::tag::sequence);
  const auto issuer = fields.next(der::tag::sequence);
  const auto validity = fields.next(der::tag::sequence);
  const auto subject = fields.next(der::tag::sequence);
  const auto public_key = fields.next(der::tag::sequence);
  if (!serial || !algorithm || !issuer || !validity || !subject || !public_key) return std::nullopt;
  der::Reader times(validity->content);
  const auto not_before = times.next();
  const auto not_after = times.next();
  if (!not_before || !not_after || !times.at_end()) return std::nullopt;
  if (const auto tagged = fields.next(der::tag::context(3))) {
    auto extensions = read_extensions(*tagged);
    if (!extensions) return std::nullopt;
    out.extensions = std::move(*extensions);
  }
  if (!fields.at_end()) return std::nullopt;
  out.serial = *serial;
  out.algorithm = *algorithm;
  out.issuer = *issuer;
  out.not_before = *not_before;
  out.not_after = *not_after;
  out.subject = *subject;
  out.public_key = *public_key;
  return out;
}

}  // namespace symbolon::x509
