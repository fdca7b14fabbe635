#include "check/verify.h"

#include <boost/json.hpp>

#include "revocation/crl_reader.h"
#include "revocation/revocation_source.h"

namespace symbolon::check {
namespace {

namespace json = boost::json;
using x509::Certificate;

VerifyReport refused(const Error& error) {
  return {.code = error.code, .rule = std::string(row(error.code).section), .detail = error.text()};
}

Result<std::shared_ptr<const revocation::RevocationSet>> read_crls(const VerifyRequest& request) {
  std::vector<Certificate> issuers = request.trust;
  issuers.insert(issuers.end(), request.chain.begin(), request.chain.end());
  revocation::RevocationSet::Builder builder;
  builder.demand(request.demand);
  for (const std::string& content : request.crls) {
    ViewSource source(as_bytes(content));
    for (revocation::CrlFile& crl : TRY(revocation::read_crls(source, issuers, {.now = request.at}))) {
      // RFC 5280 §5.2.3: "CRL issuers conforming to this profile MUST include this extension in all CRLs". `openssl ca
      // -gencrl` leaves it out by default, so only strictness asks for it.
      if (request.check == x509::PathCheck::strict && !crl.number) {
        return fail(Code::crl_malformed, "the CRL of {} has no cRLNumber", crl.issuer.text());
      }
      builder.add(crl.issuer_key, crl.coverage, std::move(crl.entries));
    }
  }
  return builder.build();
}

json::object describe(const Certificate& certificate) {
  return {{"subject", certificate.subject().text()},
          {"issuer", certificate.issuer().text()},
          {"serial", certificate.serial().hex()},
          {"fingerprint", certificate.fingerprint().hex()},
          {"not_after", to_rfc3339(certificate.validity().not_after)}};
}

std::string place_of(std::size_t index, std::size_t length) {
  if (index == 0) return "leaf";
  return index + 1 == length ? "anchor" : fmt::format("intermediate {}", index);
}

}  // namespace

VerifyReport verify(const VerifyRequest& request) {
  const auto trust = x509::TrustBundle::for_report(request.trust, request.at, "trust");
  if (!trust) return refused(trust.error());
  const auto revoked = read_crls(request);
  if (!revoked) return refused(revoked.error());
  const revocation::RevocationSource source(*revoked);
  const x509::PathOptions options{.at = request.at,
                                  .role = request.purpose,
                                  .depth = request.depth,
                                  .check = request.check,
                                  .revocation = &source,
                                  .expected_names = request.names,
                                  .required_eku = request.eku};
  auto result = x509::verify_path(request.chain, *trust, options);
  if (result) {
    return {.valid = true,
            .path = std::move(result->certificates),
            .warnings = std::move(result->warnings),
            .earliest_not_after = result->earliest_not_after,
            .stats = result->stats};
  }
  x509::PathFailure& failure = result.error();
  return {.code = failure.code,
          .index = failure.index,
          .rule = std::move(failure.rule),
          .detail = std::move(failure.detail),
          .path = std::move(failure.path),
          .stats = failure.stats};
}

std::string VerifyReport::text() const {
  std::string out;
  if (valid) {
    out += fmt::format("valid until {}\n", to_rfc3339(earliest_not_after.value_or(UnixSeconds{})));
  } else if (code) {
    out += fmt::format("not valid: {}\n  {}\n", name(*code), row(*code).sentence);
    if (!detail.empty()) out += fmt::format("  {}\n", detail);
    if (!rule.empty()) out += fmt::format("  rule: {}\n", rule);
    out += fmt::format("  remedy: {}\n", row(*code).remedy);
  }
  if (!path.empty()) out += "path:\n";
  for (std::size_t i = 0; i < path.size(); ++i) {
    out += fmt::format("{} {} {}: {}\n", !valid && index == i ? "->" : "  ", i, place_of(i, valid ? path.size() : 0),
                       path[i].text());
  }
  for (const x509::Finding& warning : warnings) {
    out += fmt::format("warning: {}\n  remedy: {}\n", warning.words, warning.remedy_text());
  }
  return out;
}

std::string VerifyReport::json() const {
  json::object out{{"valid", valid}};
  if (code) {
    out["code"] = name(*code);
    if (index) out["index"] = *index;
    out["rule"] = rule;
    out["detail"] = detail;
    out["remedy"] = row(*code).remedy;
  }
  json::array& certificates = out["path"].emplace_array();
  for (const Certificate& certificate : path) certificates.push_back(describe(certificate));
  if (earliest_not_after) out["earliest_not_after"] = to_rfc3339(*earliest_not_after);
  json::array& found = out["warnings"].emplace_array();
  for (const x509::Finding& warning : warnings) {
    found.push_back({{"code", name(warning.code)},
                     {"index", warning.index},
                     {"words", warning.words},
                     {"remedy", warning.remedy_text()}});
  }
  out["signature_checks"] = stats.signature_checks;
  return json::serialize(out);
}

}  // namespace symbolon::check
