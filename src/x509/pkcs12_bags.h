// The bags of a PKCS#12 file (RFC 7292 §4.2): every key and every certificate of it, as it stands there.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/secret.h"
#include "crypto/key.h"
#include "x509/certificate.h"

namespace symbolon::x509 {

struct Pkcs12Key {
  crypto::PrivateKey key;
  std::string friendly_name;
};

struct Pkcs12Certificate {
  Certificate certificate;
  std::string friendly_name;
};

struct Pkcs12Bags {
  std::vector<Pkcs12Key> keys;
  std::vector<Pkcs12Certificate> certificates;
  bool has_mac = true;                    // without one nothing says that it is whole
  std::vector<std::string> schemes = {};  // what its parts are encrypted with, each once; none: they are plain
  bool legacy = false;                    // one of them needs OpenSSL's legacy provider
};

// Does it begin as PKCS#12 does? DER or BER; the first octets suffice.
bool looks_like_pkcs12(ByteView beginning);

// Fails with pkcs12_malformed (also where opening it would cost too much), passphrase_wrong, passphrase_needed.
Result<Pkcs12Bags> read_pkcs12_bags(ByteView der, const Secret& password);

}  // namespace symbolon::x509
