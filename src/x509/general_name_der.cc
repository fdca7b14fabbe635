#include "x509/general_name_der.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "x509/der_reader.h"
#include "x509/der_writer.h"

namespace symbolon::x509 {
namespace {

// GeneralName ::= CHOICE { otherName [0], rfc822Name [1], dNSName [2], x400Address [3], directoryName [4],
//   ediPartyName [5], uniformResourceIdentifier [6], iPAddress [7], registeredID [8] }, implicitly tagged
constexpr std::uint8_t primitive(unsigned number) { return static_cast<std::uint8_t>(0x80U | number); }

Result<Bytes> encode_text(std::uint8_t tag, const GeneralName& name) {
  const bool ascii = std::ranges::all_of(name.value, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (!ascii || name.value.empty()) {
    return fail(Code::name_malformed, "'{}' cannot be encoded: it is empty or not ASCII", name.text());
  }
  return der::element(tag, as_bytes(name.value));
}

Result<Bytes> encode_one(const GeneralName& name) {
  switch (name.kind) {
    case NameKind::email: return encode_text(primitive(1), name);
    case NameKind::dns: return encode_text(primitive(2), name);
    case NameKind::uri: return encode_text(primitive(6), name);
    case NameKind::ip:
      if (name.octets.size() != 4 && name.octets.size() != 16) {
        return fail(Code::name_malformed, "'{}' is not an IP address", name.text());
      }
      return der::element(primitive(7), name.octets);
    case NameKind::directory: {
      // A CHOICE is tagged explicitly, whatever the module's default (X.680 §31.2.7).
      const auto directory = TRY(DistinguishedName::parse(name.value));
      return der::element(der::tag::context(4), directory.der());
    }
    case NameKind::registered_id: {
      Bytes id = der::object_identifier(name.value);
      if (id.empty()) return fail(Code::name_malformed, "'{}' is not an object identifier", name.value);
      id[0] = primitive(8);
      return id;
    }
    case NameKind::other: break;
  }
  return fail(Code::name_malformed, "names of type '{}' are not certified here", name.value);
}

}  // namespace

Result<Bytes> encode_general_names(const std::vector<GeneralName>& names) {
  Bytes list;
  for (const GeneralName& name : names) {
    const Bytes one = TRY(encode_one(name));
    list.insert(list.end(), one.begin(), one.end());
  }
  return der::element(der::tag::sequence, list);
}

std::optional<std::vector<GeneralName>> decode_general_names(ByteView der) {
  if (!der::only(der, der::tag::sequence)) return std::nullopt;
  const unsigned char* at = der.data();
  const crypto::Handle<GENERAL_NAMES, GENERAL_NAMES_free> names(
      d2i_GENERAL_NAMES(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (!names || at != der.data() + der.size()) return std::nullopt;
  return from_general_names(names.get());
}

Result<GeneralName> checked(const GeneralName& name) {
  switch (name.kind) {
    case NameKind::dns: return GeneralName::dns(name.value);
    case NameKind::ip: return GeneralName::ip(name.value);
    case NameKind::email: return GeneralName::email(name.value);
    case NameKind::uri: return GeneralName::uri(name.value);
    case NameKind::directory:
    case NameKind::registered_id:
    case NameKind::other: break;
  }
  return fail(Code::name_malformed, "a name of the kind '{}' is not certified here", x509::name(name.kind));
}

}  // namespace symbolon::x509
