// For tests: a CA that the openssl command line made, as a user has one.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "prove/kit.h"
#include "x509/testing/shell.h"

namespace symbolon::prove::testing {

inline const UnixSeconds kNow = system_clock().now();  // openssl dates by the clock

struct OwnCaFiles {
  std::string certificate;
  std::string key;
};

// `constraints`: of basicConstraints behind CA:TRUE, such as ",pathlen:0".
inline OwnCaFiles own_ca_files(const std::string& constraints = {}) {
  const x509::testing::Folder folder;
  x509::testing::must("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout " +
                      folder / "ca.key" + " -out " + folder / "ca.crt" + " -days 40 -subj '/O=Example/CN=Own CA'" +
                      " -addext keyUsage=critical,keyCertSign,cRLSign" + " -addext basicConstraints=critical,CA:TRUE" +
                      constraints);
  return {folder.get("ca.crt"), folder.get("ca.key")};
}

inline KitCa own_ca(const std::string& constraints = {}) {
  const OwnCaFiles files = own_ca_files(constraints);
  auto ca = KitCa::open(files.certificate, "ca.crt", Secret(files.key), Secret(), kNow);
  EXPECT_TRUE(ca.has_value()) << (ca ? "" : ca.error().text());
  return std::move(*ca);
}

inline KitIdentity somebody() {
  return {.subject = *x509::DistinguishedName::parse("CN=client,O=Example"),
          .names = {*x509::GeneralName::dns("client.example")}};
}

}  // namespace symbolon::prove::testing
