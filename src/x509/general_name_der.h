// GeneralNames (RFC 5280 §4.2.1.6) to and from DER.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "x509/name.h"

namespace symbolon::x509 {

// SEQUENCE OF GeneralName. Fails with name_malformed for text that is not ASCII (IA5String), an IP address without
// octets, a registered ID that is none.
Result<Bytes> encode_general_names(const std::vector<GeneralName>& names);

// Nothing if the bytes are not exactly one GeneralNames. An empty sequence gives an empty vector.
std::optional<std::vector<GeneralName>> decode_general_names(ByteView der);

// The name again as our own checked constructors make it; kinds that we do not certify fail. Fails with name_malformed.
Result<GeneralName> checked(const GeneralName& name);

}  // namespace symbolon::x509
