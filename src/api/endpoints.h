// The one table of the API's calls: where each is, who may make it, what it does. The server routes by it, --help, the
// refusals and docs/api.md name its roles.
#pragma once

#include <span>
#include <string_view>

#include "api/roles.h"

namespace symbolon::api {

// Whether admins may make a call beside those whose roles it names.
enum class Admins : std::uint8_t {
  may,
  may_not /* they can issue themselves what may, and that is on record */
};

// Whether certificates of this authority that no role allows the call may make it, about themselves.
enum class Holders : std::uint8_t { may_not, where_allowed /* by `authority.own_records` */ };

// From where a call may be made.
enum class Reach : std::uint8_t {
  anywhere,
  local /* a private key travels with it: Unix sockets and socket pairs only */
};

enum class AnswerForm : std::uint8_t {
  object,            // a wire object
  object_or_packed,  // the same, or the form that Accept names (api/feed_block.h)
  lines,             // progress, then a wire object or a problem, a line each (api/ledger.h)
  document,          // JSON of a form of its own
  crl,               // application/pkix-crl
};

struct Endpoint {
  std::string_view name;    // "issue": stable; what refusals and documents call it
  std::string_view method;  // "POST"
  std::string_view path;    // "/v1/certificates/{what}"
  Roles roles;              // one of these, or (`admins`) admin
  std::string_view summary;
  int status = 200;               // of a good answer
  std::string_view request = {};  // the wire object that is its body; empty: it has none
  std::string_view answer = {};   // the wire object that it answers, or (lines) results in
  AnswerForm form = AnswerForm::object;
  Reach reach = Reach::anywhere;
  Admins admins = Admins::may;
  Holders holders = Holders::may_not;

  bool allows(Roles caller) const { return (admins == Admins::may && caller.has(Role::admin)) || caller.meets(roles); }
  // "admin or issuer": who may make this call.
  std::string needs() const;
};

std::span<const Endpoint> endpoints();
// The row of that name, which exists.
const Endpoint& endpoint(std::string_view name);

}  // namespace symbolon::api
