#include "crypto/password_scheme.h"

#include <openssl/err.h>
#include <openssl/objects.h>

#include <algorithm>
#include <iterator>
#include <limits>

#include "crypto/handles.h"
#include "crypto/legacy_library.h"

namespace symbolon::crypto {
namespace {

using Pbe = Handle<PBEPARAM, PBEPARAM_free>;
using Pbe2 = Handle<PBE2PARAM, PBE2PARAM_free>;
using Pbkdf2 = Handle<PBKDF2PARAM, PBKDF2PARAM_free>;
using Scrypt = Handle<SCRYPT_PARAMS, SCRYPT_PARAMS_free>;

std::unexpected<Error> unreadable(std::string_view what) { return fail(Code::key_unreadable, "{}", what); }

// RFC 8018 Appendix A.3 and RFC 7292 Appendix C, as far as OpenSSL 3 keeps them in the legacy provider.
bool is_legacy(int nid) {
  constexpr int kLegacy[] = {NID_pbe_WithSHA1And128BitRC4,
                             NID_pbe_WithSHA1And40BitRC4,
                             NID_pbe_WithSHA1And128BitRC2_CBC,
                             NID_pbe_WithSHA1And40BitRC2_CBC,
                             NID_pbeWithMD2AndDES_CBC,
                             NID_pbeWithMD2AndRC2_CBC,
                             NID_pbeWithMD5AndDES_CBC,
                             NID_pbeWithMD5AndRC2_CBC,
                             NID_pbeWithSHA1AndDES_CBC,
                             NID_pbeWithSHA1AndRC2_CBC,
                             NID_rc2_cbc,
                             NID_des_cbc};
  return std::find(std::begin(kLegacy), std::end(kLegacy), nid) != std::end(kLegacy);
}

// Nothing for a number that is negative or beyond 64 bits.
std::optional<std::uint64_t> number(const ASN1_INTEGER* integer) {
  std::uint64_t out = 0;
  if (integer == nullptr || ASN1_INTEGER_get_uint64(&out, integer) != 1) {
    ERR_clear_error();
    return std::nullopt;
  }
  return out;
}

std::uint64_t product(std::uint64_t a, std::uint64_t b) {
  return a != 0 && b > std::numeric_limits<std::uint64_t>::max() / a ? std::numeric_limits<std::uint64_t>::max()
                                                                     : a * b;
}

template <typename Owner>
Owner parameters(const X509_ALGOR* algorithm, const ASN1_ITEM* item) {
  Owner out(static_cast<typename Owner::pointer>(ASN1_TYPE_unpack_sequence(item, algorithm->parameter)));
  ERR_clear_error();
  return out;
}

std::optional<std::uint64_t> derivation_cost(const X509_ALGOR* function) {
  switch (OBJ_obj2nid(function->algorithm)) {
    case NID_id_pbkdf2: {
      const auto pbkdf2 = parameters<Pbkdf2>(function, ASN1_ITEM_rptr(PBKDF2PARAM));
      return pbkdf2 ? number(pbkdf2->iter) : std::nullopt;
    }
    case NID_id_scrypt: {  // RFC 7914 §7.1
      const auto scrypt = parameters<Scrypt>(function, ASN1_ITEM_rptr(SCRYPT_PARAMS));
      if (!scrypt) return std::nullopt;
      const auto cost = number(scrypt->costParameter);
      const auto block = number(scrypt->blockSize);
      const auto parallel = number(scrypt->parallelizationParameter);
      if (!cost || !block || !parallel) return std::nullopt;
      return product(product(*cost, *block), *parallel);
    }
    default: return std::nullopt;
  }
}

}  // namespace

Result<PasswordScheme> password_scheme(const X509_ALGOR* algorithm) {
  const int nid = OBJ_obj2nid(algorithm->algorithm);
  if (nid != NID_pbes2) {
    const auto pbe = parameters<Pbe>(algorithm, ASN1_ITEM_rptr(PBEPARAM));
    if (nid == NID_undef || !pbe) return unreadable("it is encrypted in a way that is not known");
    const auto iterations = pbe->iter == nullptr ? std::optional<std::uint64_t>(1) : number(pbe->iter);
    if (!iterations) return unreadable("its count of iterations cannot be read");
    return PasswordScheme{OBJ_nid2ln(nid), is_legacy(nid), *iterations};
  }
  const auto pbe2 = parameters<Pbe2>(algorithm, ASN1_ITEM_rptr(PBE2PARAM));
  if (!pbe2) return unreadable("its PBES2 parameters cannot be read");
  const int cipher = OBJ_obj2nid(pbe2->encryption->algorithm);
  const auto iterations = derivation_cost(pbe2->keyfunc);
  if (cipher == NID_undef || !iterations) return unreadable("its cipher or its key derivation is not known");
  return PasswordScheme{fmt::format("PBES2 with {}", OBJ_nid2sn(cipher)), is_legacy(cipher), *iterations};
}

Result<OSSL_LIB_CTX*> library_for(const PasswordScheme& scheme, std::uint64_t left) {
  if (scheme.iterations > left) {
    return fail(Code::key_unreadable, "its key derivation asks for {} iterations; at most {} are made",
                scheme.iterations, kMostIterations);
  }
  if (!scheme.legacy) return static_cast<OSSL_LIB_CTX*>(nullptr);
  OSSL_LIB_CTX* const library = legacy_library();
  if (library == nullptr) {
    return fail(Code::key_unreadable, "it is encrypted with {}, for which OpenSSL's legacy provider is not installed",
                scheme.name);
  }
  return library;
}

}  // namespace symbolon::crypto
