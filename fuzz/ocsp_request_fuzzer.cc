// Whatever an OCSP request holds: it is read without a crash, every view lies inside it, and what was taken can be
// answered. The same octets as a GET path: what comes out comes out again.
#include <cstdint>

#include "revocation/cert_id_matcher.h"
#include "revocation/ocsp_request.h"
#include "revocation/ocsp_response.h"
#include "x509/der_reader.h"

namespace {

using namespace symbolon;

bool is_inside(ByteView whole, ByteView part) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

bool is_refusal(Code code) { return code == Code::bad_request || code == Code::too_large; }

void answer(const revocation::OcspRequest& request) {
  constexpr UnixSeconds kNow{1'800'000'000};
  std::vector<revocation::OcspAnswer> answers;
  for (const revocation::CertId& id : request.requests) {
    answers.push_back({.cert_id = id.der, .this_update = kNow, .next_update = kNow});
  }
  const auto data = revocation::ocsp_response_data({.produced_at = kNow, .nonce = request.nonce}, answers);
  ENSURE(data && x509::der::well_formed(*data));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const revocation::CertIdMatcher kNobody({});
  const ByteView input(data, size);
  if (const auto request = revocation::parse_ocsp_request(input)) {
    ENSURE(!request->requests.empty() && request->requests.size() <= revocation::kMostOcspRequests);
    for (const revocation::CertId& id : request->requests) {
      for (const ByteView view : {id.der, id.issuer_name_hash, id.issuer_key_hash}) ENSURE(is_inside(input, view));
      ENSURE(!kNobody.find(id));
    }
    if (request->nonce) {
      ENSURE(is_inside(input, *request->nonce));
      ENSURE(!request->nonce->empty() && request->nonce->size() <= revocation::kMostOcspNonce);
    }
    answer(*request);
  } else {
    ENSURE(is_refusal(request.error().code));
  }
  if (const auto octets = revocation::parse_get_path(as_text(input))) {
    const auto again = revocation::parse_get_path(to_base64(*octets));
    ENSURE(again && *again == *octets);
  } else {
    ENSURE(is_refusal(octets.error().code));
  }
  return 0;
}
