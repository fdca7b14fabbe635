// What the cases stand on: the endpoint, the kit, and what the good client's visits have shown.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "prove/kit.h"
#include "prove/verdict.h"
#include "prove/visitor.h"
#include "x509/trust_bundle.h"

namespace symbolon::prove {

// What is to be proved, of what, and with what.
struct Plan {
  Target target;
  Kit kit;
  std::optional<KitCa> ca = {};                              // makes clients that end while they are watched
  Seconds life{20};                                          // of those
  std::optional<std::string> revoke_command = {};            // revokes revoked.crt, by the shell, when it is time
  bool revoked = false;                                      // it is revoked already
  std::optional<std::string> echo_path = {};                 // whose answer shows what the service knows of the client
  std::vector<std::string> identity_headers = {};            // that the service believes; empty: found out
  std::shared_ptr<const x509::TrustBundle> trust = nullptr;  // the server's certificate is verified by it; null: not
  std::vector<std::string> only = {};                        // ids; empty: all
  std::function<void(std::string_view id)> before_case = {};
};

struct Outcome {
  Verdict verdict = Verdict::unclear;
  std::string words;
};
inline Outcome pass(std::string words) { return {Verdict::pass, std::move(words)}; }
inline Outcome failed(std::string words) { return {Verdict::fail, std::move(words)}; }
inline Outcome unclear(std::string words) { return {Verdict::unclear, std::move(words)}; }
inline Outcome not_run(std::string words) { return {Verdict::not_run, std::move(words)}; }

// A client that was refused, and how it came.
struct Refusal {
  std::string who;
  tls::MisuseOptions options;
  Visit visit;
};

class SessionShelf;

struct Grounds {
  Grounds(const Plan& with, const Clock& time);
  ~Grounds();
  // As the visitor's; and where the good client gets an answer, one of HTTP 400 to 499 is a refusal.
  Visit visit(tls::MisuseOptions options) const;

  const Plan& plan;
  const Clock& clock;
  Visitor visitor;
  std::shared_ptr<const tls::Credential> good;
  bool speaks_12 = false;
  bool speaks_13 = false;
  std::optional<HttpAnswer> answer = {};  // what the good client got
  bool stable = false;                    // and got again
  std::vector<Refusal> refusals = {};
  std::unique_ptr<SessionShelf> shelf;  // sessions of those who end or are revoked meanwhile
};

// A visit that must end in a refusal, which is remembered.
Outcome must_be_refused(Grounds& grounds, std::string who, tls::MisuseOptions options);

// Is it what the good client gets, but for the two names? Nothing where the answers differ anyway.
std::optional<bool> same_answer(const Grounds& grounds, const HttpAnswer& answer);

}  // namespace symbolon::prove
