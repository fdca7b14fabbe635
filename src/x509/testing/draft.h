// For tests: a TBSCertificate described field by field, for the openssl command line to encode (asn1parse -genconf).
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace symbolon::x509::testing {

struct Extension {
  std::string oid;
  bool critical;
  std::string hex;  // of its value
};

// A TBSCertificate as openssl's ASN1_generate_nconf describes it: field by field, each to be replaced.
struct Draft {
  std::string version = "EXPLICIT:0,INTEGER:2";
  std::string serial = "INTEGER:0x4102030405060708090a";
  std::string algorithm = "OID:1.2.840.10045.4.3.2";
  std::string issuer = "CN,UTF8:Issuing";
  std::string not_before = "UTCTIME:270101000000Z";
  std::string not_after = "UTCTIME:270201000000Z";
  std::vector<std::string> subject = {"CN,UTF8:web.example"};
  std::string key;  // hex of the point
  std::vector<Extension> extensions;
  std::string more;  // behind the extensions

  Extension& extension(std::string_view oid) {
    for (Extension& one : extensions) {
      if (one.oid == oid) return one;
    }
    ADD_FAILURE() << "no extension " << oid;
    std::abort();
  }
  void remove(std::string_view oid) {
    std::erase_if(extensions, [&](const Extension& one) { return one.oid == oid; });
  }

  std::string conf() const {
    std::string out = "asn1=SEQUENCE:tbs\n[tbs]\n";
    if (!version.empty()) out += "version=" + version + "\n";
    out += fmt::format(
        "serial={}\nalgorithm=SEQUENCE:algorithm\nissuer=SEQUENCE:issuer\nvalidity=SEQUENCE:validity\n"
        "subject=SEQUENCE:subject\nkey=SEQUENCE:key\n",
        serial);
    if (!extensions.empty()) out += "extensions=EXPLICIT:3,SEQUENCE:extensions\n";
    if (!more.empty()) out += "more=" + more + "\n";
    out += "[algorithm]\nid=" + algorithm + "\n";
    out += name("issuer", issuer.empty() ? std::vector<std::string>() : std::vector{issuer}) + name("subject", subject);
    out += fmt::format("[validity]\na={}\nb={}\n", not_before, not_after);
    out += fmt::format("[key]\nalgorithm=SEQUENCE:key_algorithm\nbits=FORMAT:HEX,BITSTRING:{}\n", key);
    out += "[key_algorithm]\nid=OID:id-ecPublicKey\ncurve=OID:prime256v1\n";
    std::string list = "[extensions]\n";
    for (std::size_t i = 0; i < extensions.size(); ++i) {
      list += fmt::format("e{0}=SEQUENCE:extension{0}\n", i);
      out += fmt::format("[extension{}]\nid=OID:{}\n{}value=FORMAT:HEX,OCTETSTRING:{}\n", i, extensions[i].oid,
                         extensions[i].critical ? "critical=BOOLEAN:TRUE\n" : "", extensions[i].hex);
    }
    return out + list;
  }

 private:
  // "CN,UTF8:web" for each attribute.
  static std::string name(const std::string& section, const std::vector<std::string>& attributes) {
    std::string list = fmt::format("[{}]\n", section);
    std::string rest;
    for (std::size_t i = 0; i < attributes.size(); ++i) {
      const auto comma = attributes[i].find(',');
      list += fmt::format("r{1}=SET:{0}_set{1}\n", section, i);
      rest += fmt::format("[{0}_set{1}]\na=SEQUENCE:{0}_attribute{1}\n[{0}_attribute{1}]\nid=OID:{2}\nvalue={3}\n",
                          section, i, attributes[i].substr(0, comma), attributes[i].substr(comma + 1));
    }
    return list + rest;
  }
};

}  // namespace symbolon::x509::testing
