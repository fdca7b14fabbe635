#include "revocation/der_message.h"

#include <algorithm>

namespace symbolon::revocation {

namespace der = x509::der;

std::unexpected<Error> DerMessage::malformed(ByteView at, std::string_view what) const {
  return fail(code_, "octet {}: {}", offset_of(at), what);
}

Result<der::Element> DerMessage::expect(der::Reader& reader, std::uint8_t tag, std::string_view what) const {
  const ByteView at = reader.rest();
  if (auto element = reader.next(tag)) return *element;
  return malformed(at, fmt::format("{} expected", what));
}

Result<std::vector<Extension>> DerMessage::extensions(ByteView content) const {
  std::vector<Extension> out;
  for (der::Reader list(content); !list.at_end();) {
    const der::Element one = TRY(expect(list, der::tag::sequence, "an extension"));
    der::Reader parts(one.content);
    Extension extension;
    extension.whole = one.whole;
    const auto oid = der::oid_text(TRY(expect(parts, der::tag::object_identifier, "an extension's type")).content);
    if (!oid) return malformed(one.whole, "an extension's type cannot be read");
    extension.oid = *oid;
    if (const auto critical = parts.next(der::tag::boolean)) {
      if (critical->content.size() != 1) return malformed(critical->whole, "a BOOLEAN of other than one octet");
      extension.critical = critical->content[0] != 0;
    }
    extension.value = TRY(expect(parts, der::tag::octet_string, "an extension's value")).content;
    if (!parts.at_end()) return malformed(parts.rest(), "octets behind an extension");
    if (std::ranges::find(out, extension.oid, &Extension::oid) != out.end()) {
      return malformed(one.whole, fmt::format("extension {} stands twice", extension.oid));
    }
    if (out.size() == 64) return malformed(one.whole, "more than 64 extensions");
    out.push_back(std::move(extension));
  }
  return out;
}

bool is_shortest_integer(ByteView content) {
  if (content.empty()) return false;
  return content.size() == 1 ||
         !((content[0] == 0x00 && content[1] < 0x80) || (content[0] == 0xff && content[1] >= 0x80));
}

}  // namespace symbolon::revocation
