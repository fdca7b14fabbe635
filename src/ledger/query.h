// The language of `symbolon list [QUERY]`: words and field:value terms, all of which must hold.
//
//   web-1 example.com            each word somewhere in subject, names, or at the start of serial or fingerprint
//   "CN=web 1"                   quotes keep blanks and colons together; \" and \\ inside
//   subject:web san:web.example profile:server requester:ops* issuer:"Issuing CA"
//   san:dns:*.example.com        `*` is any run of octets; with a `*` the whole value must match
//   serial:0a1b fingerprint:9f   start of the hexadecimal text
//   state:issued|revoked|expired|reserved|abandoned|valid
//   expires<30d expires>2027-01-01 issued>7d   a time, or a duration: from now for expires, before now for issued
//   -profile:server              a leading `-` negates
//   sort:expires | sort:newest | sort:oldest
//
// Letters compare without case (ASCII).
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
inline constexpr char kAnyRun = '\x01';  // stands for `*` in TextTerm::value

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

inline constexpr std::size_t kMostTerms = 32;
inline constexpr std::size_t kLongestQuery = 4096;

}  // namespace symbolon::ledger
