// The language of `symbolon list [QUERY]`: words and field:value terms, all of which must hold.
//
//   web-1 example.com            each word somewhere in the subject or a name, or at the start of serial or fingerprint
//   "CN=web 1"                   quotes keep blanks, colons and `*` as they are; \" and \\ inside
//   subject:web san:web.example  somewhere in the subject, in a name
//   profile:server requester:ops issuer:"Issuing CA"   the whole value
//   web-*.example.com            `*` is any run of octets: the whole subject, one attribute of it, or a whole name
//   san:dns:web                  names of one kind: dns, ip, email, uri
//   serial:0a1b fingerprint:9f   start of the hexadecimal text
//   state:issued|revoked|expired|reserved|abandoned|valid
//   expires<30d issued<7d        a duration: from now on, back from now
//   expires>2027-01-01           or a time
//   -profile:server              a leading `-` negates
//   sort:expires | sort:newest | sort:oldest
//
// Letters compare without case (ASCII). "issued" is whatever was handed out, revoked and expired ones included; "valid"
// is neither revoked nor expired.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace symbolon::ledger {

enum class Field : std::uint8_t { any, subject, san, serial, fingerprint, profile, requester, issuer };
enum class Standing : std::uint8_t { issued, revoked, expired, reserved, abandoned, valid };
enum class TimeField : std::uint8_t { expires, issued };
enum class Order : std::uint8_t { newest, oldest, expires };
enum class Relation : std::uint8_t { before, after };

struct TextTerm {
  Field field = Field::any;
  std::string value;     // lower case, as written: with `*` where hasn't been quoted
  bool pattern = false;  // holds an unquoted `*`, each stored as kAnyRun
  bool negated = false;
};
inline constexpr char kAnyRun = '\x01';  // what stands for `*` in TextTerm::value

struct StandingTerm {
  Standing standing = Standing::issued;
  bool negated = false;
};

struct TimeTerm {
  TimeField field = TimeField::expires;
  Relation relation = Relation::before;
  UnixSeconds at;
  bool negated = false;
};

struct Query {
  std::vector<TextTerm> texts = {};
  std::vector<StandingTerm> standings = {};
  std::vector<TimeTerm> times = {};
  Order order = Order::newest;

  bool everything() const { return texts.empty() && standings.empty() && times.empty(); }
};

// Total. Fails with query_malformed; the words name the column (from 1). At most kMostTerms terms, kLongestQuery
// octets.
Result<Query> parse_query(std::string_view text, UnixSeconds now);

// "0a:1b" and "0x0a1b" as "0a1b"; anything else as it is.
std::string plain_hex(std::string lower_case);

inline constexpr std::size_t kMostTerms = 32;
inline constexpr std::size_t kLongestQuery = 4096;

}  // namespace symbolon::ledger
