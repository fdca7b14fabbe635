// How something is encrypted by a password (RFC 8018, RFC 7292 Appendix B), and what trying one costs: the file itself
// says how often a key derivation repeats, and may have been made to keep us busy.
#pragma once

#include <openssl/x509.h>

#include <cstdint>
#include <string>

#include "base/error.h"

namespace symbolon::crypto {

struct PasswordScheme {
  std::string name;              // "PBES2 with AES-256-CBC", "pbeWithSHA1And40BitRC2-CBC"
  bool legacy = false;           // only OpenSSL's legacy provider has it
  std::uint64_t iterations = 0;  // of its key derivation; scrypt: N times r times p, which costs about as much
};

// For one file, all its key derivations together: a few seconds.
inline constexpr std::uint64_t kMostIterations = 3'000'000;

// Fails with key_unreadable: a scheme that is not known or whose parameters cannot be read.
Result<PasswordScheme> password_scheme(const X509_ALGOR* algorithm);

// The library in which the scheme can be opened: null is the default one. Fails with key_unreadable where it costs more
// than `left` iterations, or needs the legacy provider, and that is not installed.
Result<OSSL_LIB_CTX*> library_for(const PasswordScheme& scheme, std::uint64_t left = kMostIterations);

}  // namespace symbolon::crypto
