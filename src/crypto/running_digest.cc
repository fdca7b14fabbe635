#include "crypto/running_digest.h"

#include "base/error.h"

namespace symbolon::crypto {

RunningSha256::RunningSha256() : context_(EVP_MD_CTX_new()) {
  ENSURE(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

void RunningSha256::add(ByteView octets) {
  ENSURE(EVP_DigestUpdate(context_.get(), octets.data(), octets.size()) == 1);
}

Sha256 RunningSha256::finish() {
  Sha256 out;
  ENSURE(EVP_DigestFinal_ex(context_.get(), out.data(), nullptr) == 1);
  return out;
}

}  // namespace symbolon::crypto
