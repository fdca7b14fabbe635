// What stands above an imported CA is held against it: CAs by the openssl command line.
#include "authority/imported_ca.h"

#include <gtest/gtest.h>

#include "x509/testing/shell.h"

namespace symbolon::authority {
namespace {

using x509::testing::Folder;
using x509::testing::must;

class ImportedChain : public ::testing::Test {
 protected:
  // name.crt and name.key, signed by `issuer`; empty: by itself.
  void make(const std::string& name, const std::string& subject, const std::string& issuer,
            const std::string& extensions = "basicConstraints=critical,CA:TRUE", const std::string& more = "") {
    folder_.put("ext", extensions + "\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n");
    const std::string signer = issuer.empty() ? fmt::format("-signkey {}.key", name)
                                              : fmt::format("-CA {0}.crt -CAkey {0}.key -CAcreateserial", issuer);
    must(
        fmt::format("cd {0} && openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {1}.key "
                    "-out {1}.csr -subj '/CN={2}' && openssl x509 -req -in {1}.csr {3} -days 3650 -extfile ext {4} "
                    "-out {1}.crt",
                    folder_.path().string(), name, subject, signer, more));
  }
  Result<OpenedCa> open(const std::string& name, const std::vector<std::string>& files, UnixSeconds now) {
    ImportedCa import{.certificate = {}, .key = Secret(folder_.get(name + ".key")), .where = "import.pem"};
    for (const std::string& file : files) import.certificate += folder_.get(file + ".crt");
    return open_imported(import, now);
  }
  Code code(const std::string& name, const std::vector<std::string>& files) {
    const auto opened = open(name, files, system_clock().now());
    return opened ? Code::usage : opened.error().code;
  }

  Folder folder_;
};

TEST_F(ImportedChain, IsTakenInAnyOrderNearestFirst) {
  make("root", "Root", "");
  make("middle", "Middle", "root");
  make("issuing", "Issuing", "middle", "basicConstraints=critical,CA:TRUE,pathlen:0");
  const auto opened = open("issuing", {"root", "issuing", "middle", "root"}, system_clock().now());
  ASSERT_TRUE(opened) << opened.error().text();
  ASSERT_GE(opened->above.size(), 2U);
  EXPECT_EQ(opened->above[0].subject().text(), "CN=Middle");
  EXPECT_EQ(opened->above[1].subject().text(), "CN=Root");
  EXPECT_TRUE(open("issuing", {"issuing"}, system_clock().now())) << "the root may stay away";
  EXPECT_TRUE(open("issuing", {"issuing", "middle"}, system_clock().now()));
}

TEST_F(ImportedChain, HoldsNobodyElse) {
  make("root", "Root", "");
  make("issuing", "Issuing", "root");
  make("namesake", "Root", "");
  make("stranger", "Stranger", "");
  EXPECT_EQ(code("issuing", {"issuing", "namesake"}), Code::ca_chain_broken) << "the name of the root, another key";
  EXPECT_EQ(code("issuing", {"issuing", "root", "stranger"}), Code::ca_chain_broken);
  EXPECT_EQ(code("root", {"root", "issuing"}), Code::ca_chain_broken) << "what stands below does not belong either";
  EXPECT_EQ(code("issuing", {"issuing", "root"}), Code::usage);
}

TEST_F(ImportedChain, IsOneThatLeavesAreVerifiedBy) {
  make("narrow", "Narrow", "", "basicConstraints=critical,CA:TRUE,pathlen:0");
  make("below-narrow", "Issuing", "narrow");
  EXPECT_EQ(code("below-narrow", {"below-narrow", "narrow"}), Code::ca_chain_broken) << "no leaf may stand below it";
  make("no-ca", "No CA", "", "basicConstraints=critical,CA:FALSE");
  make("below-no-ca", "Issuing", "no-ca");
  EXPECT_EQ(code("below-no-ca", {"below-no-ca", "no-ca"}), Code::ca_chain_broken);
  make("root", "Root", "");
  make("weak", "Issuing", "root", "basicConstraints=critical,CA:TRUE", "-sha1");
  EXPECT_EQ(code("weak", {"weak", "root"}), Code::ca_chain_broken) << "signed with SHA-1";
}

}  // namespace
}  // namespace symbolon::authority
