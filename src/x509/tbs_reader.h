// A TBSCertificate (RFC 5280 §4.1) taken apart into borrowed pieces, strictly.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "x509/der_reader.h"

namespace symbolon::x509 {

struct TbsExtension {
  std::string oid;
  bool critical = false;
  bool false_is_written = false;  // critical FALSE, which DER leaves out
  ByteView value;                 // content of the extnValue OCTET STRING
};

// Views into the bytes that were read.
struct TbsFields {
  std::optional<der::Element> version;  // content of [0]
  der::Element serial;
  der::Element algorithm;
  der::Element issuer;
  der::Element not_before;
  der::Element not_after;
  der::Element subject;
  der::Element public_key;
  std::vector<TbsExtension> extensions;
};

// Nothing unless the bytes are one TBSCertificate in DER, without unique identifiers (RFC 5280 §4.1.2.8: "CAs
// conforming to this profile MUST NOT generate certificates with unique identifiers").
std::optional<TbsFields> read_tbs(ByteView der);

}  // namespace symbolon::x509
