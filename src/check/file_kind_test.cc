// What openssl writes is known by its structure, whatever comes behind the first octets.
#include "check/file_kind.h"

#include <gtest/gtest.h>

#include "x509/testing/shell.h"

namespace symbolon::check {
namespace {

using x509::testing::Folder;
using x509::testing::must;

struct Case {
  std::string command;  // writes "out"
  FileKind kind;
};

TEST(FileKind, IsKnownByStructure) {
  const Folder folder;
  const auto openssl = [&](const std::string& command) {
    must("cd " + folder.path().string() + " && openssl " + command);
  };
  openssl("req -x509 -newkey rsa:2048 -nodes -keyout key -out crt -subj /CN=a");
  openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec");
  std::string config = "[ca]\ndefault_ca=c\n[c]\ndatabase=" + (folder / "index") + "\n";
  folder.put("index", std::string_view());
  folder.put("cnf", config);
  const Case cases[] = {
      {"x509 -in crt -outform DER -out out", FileKind::certificate},
      {"req -new -key key -subj /CN=a -outform DER -out out", FileKind::request},
      {"pkcs8 -topk8 -nocrypt -in key -outform DER -out out", FileKind::private_key},
      {"pkey -traditional -in key -outform DER -out out", FileKind::private_key},
      {"pkey -traditional -in ec -outform DER -out out", FileKind::private_key},
      {"pkcs8 -topk8 -passout pass:x -in key -outform DER -out out", FileKind::encrypted_key},
      {"pkey -pubout -in ec -outform DER -out out", FileKind::public_key},
      {"pkcs12 -export -in crt -inkey key -passout pass:x -out out", FileKind::pkcs12},
      {"ca -gencrl -config cnf -md sha256 -crldays 1 -cert crt -keyfile key -out pem && openssl crl -in pem -outform "
       "DER "
       "-out out",
       FileKind::crl},
      {"crl2pkcs7 -nocrl -certfile crt -outform DER -out out", FileKind::unknown},
  };
  for (const Case& one : cases) {
    openssl(one.command);
    const std::string octets = folder.get("out");
    EXPECT_EQ(kind_of_der(as_bytes(octets)), one.kind) << one.command;
    for (std::size_t size = 0; size < octets.size(); size += 7) {  // cut: this, or nothing else
      const FileKind kind = kind_of_der(as_bytes(octets).first(size));
      EXPECT_TRUE(kind == one.kind || kind == FileKind::unknown) << one.command << size;
    }
  }
  EXPECT_TRUE(other_format(as_bytes(folder.get("out"))));  // PKCS#7, of the last case
}

TEST(FileKind, OfWhatIsNoneOfTheseIsUnknown) {
  for (const std::string_view text : {"", "0", "hello", "-----BEGIN CERTIFICATE-----", "\x30\x03\x02\x01\x01"}) {
    EXPECT_EQ(kind_of_der(as_bytes(text)), FileKind::unknown) << text;
  }
  EXPECT_EQ(kind_of_label("TRUSTED CERTIFICATE"), FileKind::certificate);
  EXPECT_EQ(kind_of_label("EC PARAMETERS"), FileKind::unknown);
  EXPECT_TRUE(other_label("OPENSSH PRIVATE KEY"));
  EXPECT_TRUE(other_format(as_bytes("\xff\xfe-\0")));
}

}  // namespace
}  // namespace symbolon::check
