// Something verification or lint noticed: findings accumulate, errors stop.
#pragma once

#include <cstddef>
#include <string>

#include "base/codes.h"

namespace symbolon::x509 {

struct Finding {
  Code code = Code::internal;
  std::size_t index = 0;    // the certificate it is about: 0 is the leaf of a path, or the place in a bundle
  std::string words;        // what is the case, with the numbers; for people
  std::string remedy = {};  // what would mend it, where it differs from the code's own remedy

  // `remedy`, else the code's.
  std::string remedy_text() const { return remedy.empty() ? std::string(row(code).remedy) : remedy; }
};

}  // namespace symbolon::x509
