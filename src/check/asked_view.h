// What the server asked of the client, whether the client's certificate fits that, and what was sent.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "check/observation.h"
#include "check/paint.h"

namespace symbolon::check {

// A statement, good or bad.
struct Remark {
  std::string words;
  Tone tone = Tone::plain;
};

struct AskedView {
  std::string words;  // "the server asks for a client certificate of one of these 3 CAs"
  std::vector<std::string> ca_names = {};
  std::vector<std::string> signature_algorithms = {};
  std::vector<std::string> certificate_types = {};  // TLS 1.2 alone names them
  std::vector<Remark> remarks = {};                 // what fits, what does not, what was sent
};

AskedView asked_view(const Observation& observation);  // needs observation.tls

enum class Fit : std::uint8_t { yes, no, unknown };

// Can a key of this kind (PublicKey::description) make one of the signatures? By RFC 8446 §4.2.3 an ECDSA algorithm
// names the curve, by RFC 5246 §7.4.1.4.1 it does not. Unknown where the server named no algorithms, or for a key that
// this does not know.
Fit fits_signature_algorithms(std::string_view key, const std::vector<std::string>& algorithms,
                              std::string_view version);

}  // namespace symbolon::check
