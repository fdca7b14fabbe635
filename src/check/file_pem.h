// PEM text (RFC 7468) taken apart so that one damaged block does not hide the others, and each damage has its line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace symbolon::check {

struct PemPart {
  std::string label;
  int line = 0;            // of its BEGIN, from 1
  int last_line = 0;       // of its END
  std::string_view text;   // from BEGIN to END, borrowed
  Bytes der;               // empty for plain private keys, which are not decoded here
  bool encrypted = false;  // a traditional key with encryption of its own (RFC 1421 §4.6.1.1)
};

struct PemFault {
  int line = 0;
  std::string words;
  std::string command = {};  // that mends it, with FILE in the file's place; empty: there is none
};

struct PemText {
  std::vector<PemPart> parts;  // in their order
  std::vector<PemFault> faults;
};

inline constexpr std::size_t kMostPemParts = 2000;  // what follows is a fault

// Total. Linear in the text, of which nothing is copied into words but labels.
PemText split_pem(std::string_view text);

}  // namespace symbolon::check
