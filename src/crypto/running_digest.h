// SHA-256 over octets that come piece by piece.
#pragma once

#include "crypto/digest.h"
#include "crypto/handles.h"

namespace symbolon::crypto {

class RunningSha256 {
 public:
  RunningSha256();
  void add(ByteView octets);
  Sha256 finish();  // once

 private:
  DigestContext context_;
};

}  // namespace symbolon::crypto
