// Certificates that openssl made.
#include "x509/must_staple.h"

#include <gtest/gtest.h>

#include "x509/testing/shell.h"

namespace symbolon::x509 {
namespace {

using namespace testing;

bool verdict(std::string_view extension) {
  const Folder folder;
  must(
      fmt::format("cd {} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out crt "
                  "-subj /CN=a -addext '{}'",
                  folder.path().string(), extension));
  return must_be_stapled(Certificate::from_pem(folder.get("crt")).value().front());
}

// RFC 7633 §4.2.2.
TEST(MustStaple, IsStatusRequestAmongTheFeatures) {
  EXPECT_TRUE(verdict("tlsfeature=status_request"));
  EXPECT_TRUE(verdict("tlsfeature=critical,status_request_v2,status_request"));
  EXPECT_FALSE(verdict("tlsfeature=status_request_v2"));
  EXPECT_FALSE(verdict("tlsfeature=261"));
  EXPECT_FALSE(verdict("subjectAltName=DNS:a.example"));
  EXPECT_FALSE(verdict("1.3.6.1.5.5.7.1.24=DER:0500"));  // is not decoded
}

}  // namespace
}  // namespace symbolon::x509
