// The table of the cases: what each does, what a right endpoint does then, and where that is written.
#pragma once

#include <span>
#include <string_view>

#include "prove/grounds.h"

namespace symbolon::prove {

struct Case {
  std::string_view id;       // stable
  std::string_view does;     // what is tried
  std::string_view right;    // what a right endpoint does
  std::string_view section;  // of the standard
  std::string_view mends;    // what to change where it fails
  Outcome (*run)(Grounds&);
};

// In the order in which they are run.
std::span<const Case> all_cases();
const Case* find_case(std::string_view id);  // null: there is none

// The control, which is no case: the good client gets in.
inline constexpr std::string_view kControl = "good_client";

// Those of one theme, in the unit of that name.
namespace refusals {
Outcome no_certificate(Grounds& grounds);
Outcome foreign_ca(Grounds& grounds);
Outcome self_signed(Grounds& grounds);
Outcome expired(Grounds& grounds);
Outcome not_yet_valid(Grounds& grounds);
Outcome wrong_eku(Grounds& grounds);
Outcome ca_as_leaf(Grounds& grounds);
Outcome path_length(Grounds& grounds);
Outcome name_constraints(Grounds& grounds);
Outcome no_sni(Grounds& grounds);
Outcome tls12_fallback(Grounds& grounds);
Outcome revoked(Grounds& grounds);
Outcome refusal_alerts(Grounds& grounds);
}  // namespace refusals

namespace protocol {
Outcome old_versions(Grounds& grounds);
Outcome secure_renegotiation(Grounds& grounds);
Outcome client_renegotiation(Grounds& grounds);
Outcome post_handshake_auth(Grounds& grounds);
}  // namespace protocol

namespace sessions {
Outcome expired_ticket_12(Grounds& grounds);
Outcome expired_id_12(Grounds& grounds);
Outcome expired_ticket_13(Grounds& grounds);
Outcome chaining(Grounds& grounds);
Outcome revoked_ticket_12(Grounds& grounds);
Outcome revoked_id_12(Grounds& grounds);
Outcome revoked_ticket_13(Grounds& grounds);
Outcome other_sni(Grounds& grounds);
}  // namespace sessions

namespace in_http {
Outcome other_sni(Grounds& grounds);
Outcome other_host(Grounds& grounds);
Outcome forged_headers(Grounds& grounds);
}  // namespace in_http

}  // namespace symbolon::prove
