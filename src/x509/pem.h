// PEM blocks (RFC 7468), with the line where each begins.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace symbolon::x509 {

struct PemBlock {
  std::string label;  // "CERTIFICATE"
  Bytes der;          // empty for labels that end in "PRIVATE KEY": those are not decoded here
  int line = 0;       // of its BEGIN, from 1
};

// Every block; text around them is skipped. Fails with pem_malformed at "where:line": no END, wrong END, not base64.
Result<std::vector<PemBlock>> parse_pem(std::string_view text, std::string_view where = {});

std::string encode_pem(std::string_view label, ByteView der);

// Does the text hold any PEM block?
bool looks_like_pem(std::string_view text);

}  // namespace symbolon::x509
