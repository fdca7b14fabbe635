#include "tls/probe_words.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/sslerr.h>

namespace symbolon::tls {
namespace {

TEST(ProbeWords, AreTheLibrarysOnlyWhereNobodyElseHasAny) {
  EXPECT_FALSE(probe_words(ERR_PACK(ERR_LIB_SSL, 0, SSL_R_RECORD_TOO_SMALL)).empty());
  EXPECT_FALSE(probe_words(ERR_PACK(ERR_LIB_SSL, 0, SSL_R_TOO_MANY_WARN_ALERTS)).empty());
  EXPECT_FALSE(probe_words(ERR_PACK(ERR_LIB_ASN1, 0, 1)).empty());
  EXPECT_TRUE(probe_words(ERR_PACK(ERR_LIB_SSL, 0, SSL_R_BAD_DATA)).empty());
  EXPECT_TRUE(probe_words(ERR_PACK(ERR_LIB_RSA, 0, SSL_R_RECORD_TOO_SMALL)).empty());
  EXPECT_TRUE(probe_words(0).empty());
}

}  // namespace
}  // namespace symbolon::tls
