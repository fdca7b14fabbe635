// PKCS#12 as other programs write it: several keys, old encryption, no MAC.
#include "x509/pkcs12_bags.h"

#include <gtest/gtest.h>

#include "x509/testing/shell.h"

namespace symbolon::x509 {
namespace {

using testing::Folder;
using testing::must;

struct Made {
  Folder folder;
  Made() {
    must("cd " + folder.path().string() +
         " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout a.key -out a.crt -subj /CN=a"
         " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout b.key -out b.crt -subj "
         "/CN=b");
  }
  std::string write(const std::string& options) const {
    must("cd " + folder.path().string() +
         " && openssl pkcs12 -export -in a.crt -inkey a.key -certfile b.crt -name alice -out out.p12 " + options);
    return folder.get("out.p12");
  }
};

const Made& made() {
  static const Made made;
  return made;
}

TEST(Pkcs12Bags, AreReadWhateverTheyAreEncryptedWith) {
  struct Case {
    std::string options;
    bool legacy;
    std::size_t schemes;
  };
  const Case cases[] = {{"-passout pass:secret", false, 1},
                        {"-passout pass:secret -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1", false, 1},
                        {"-passout pass:secret -legacy", true, 2},  // RC2 of 40 bits for certificates, 3DES for keys
                        {"-passout pass:secret -keypbe NONE -certpbe NONE", false, 0}};
  for (const Case& one : cases) {
    const auto bags = read_pkcs12_bags(as_bytes(made().write(one.options)), Secret("secret"));
    ASSERT_TRUE(bags) << one.options << bags.error().text();
    EXPECT_EQ(bags->legacy, one.legacy) << one.options;
    EXPECT_EQ(bags->schemes.size(), one.schemes) << one.options;
    ASSERT_EQ(bags->keys.size(), 1U);
    EXPECT_EQ(bags->keys[0].friendly_name, "alice");
    ASSERT_EQ(bags->certificates.size(), 2U);
    EXPECT_TRUE(bags->has_mac);
  }
}

TEST(Pkcs12Bags, WithoutAMacAreReadAndSaidToBeSo) {
  const auto bags = read_pkcs12_bags(as_bytes(made().write("-passout pass:secret -nomac")), Secret("secret"));
  ASSERT_TRUE(bags) << bags.error().text();
  EXPECT_FALSE(bags->has_mac);
  EXPECT_EQ(read_pkcs12_bags(as_bytes(made().write("-passout pass:secret -nomac")), Secret("other")).error().code,
            Code::passphrase_wrong);
}

TEST(Pkcs12Bags, OfAnyBeginningAreRecognized) {
  EXPECT_TRUE(looks_like_pkcs12(as_bytes(made().write("-passout pass:secret"))));
  const Bytes indefinite = {0x30, 0x80, 0x02, 0x01, 0x03, 0x30, 0x80};
  EXPECT_TRUE(looks_like_pkcs12(indefinite));
  EXPECT_FALSE(looks_like_pkcs12(as_bytes("0")));
  EXPECT_FALSE(looks_like_pkcs12({}));
  const Bytes key = {0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13};
  EXPECT_FALSE(looks_like_pkcs12(key));
}

TEST(Pkcs12Bags, CutAnywhereAreAnError) {
  const std::string whole = made().write("-passout pass:secret");
  for (std::size_t size = 0; size < whole.size(); size += 37) {
    const auto bags = read_pkcs12_bags(as_bytes(whole.substr(0, size)), Secret("secret"));
    ASSERT_FALSE(bags);
    EXPECT_EQ(bags.error().code, Code::pkcs12_malformed) << size;
  }
}

}  // namespace
}  // namespace symbolon::x509
