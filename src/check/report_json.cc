#include <boost/json.hpp>

#include "check/alert_meaning.h"
#include "check/client_diagnosis.h"
#include "check/ladder_json.h"
#include "check/printable.h"
#include "check/report.h"
#include "check/way_report.h"

namespace symbolon::check {
namespace {

namespace json = boost::json;

json::object certificate_json(const x509::Certificate& certificate, UnixSeconds at) {
  json::array names;
  for (const x509::GeneralName& general : certificate.subject_alt_names())
    names.emplace_back(printable(general.text()));
  const auto& [not_before, not_after] = certificate.validity();
  return {
      {"subject", certificate.subject().text()},
      {"names", std::move(names)},
      {"issuer", certificate.issuer().text()},
      {"serial", certificate.serial().hex()},
      {"fingerprint", certificate.fingerprint().hex()},
      {"not_before", to_rfc3339(not_before)},
      {"not_after", to_rfc3339(not_after)},
      {"seconds_left", (not_after - at).count},
      {"key", certificate.public_key().description()},
      {"signature", certificate.signature_algorithm()},
  };
}

json::array chain_json(const std::vector<x509::Certificate>& chain, UnixSeconds at) {
  json::array out;
  for (const x509::Certificate& certificate : chain) out.emplace_back(certificate_json(certificate, at));
  return out;
}

json::value alert_json(const std::optional<tls::ProbeAlert>& alert) {
  if (!alert) return nullptr;
  return json::object{
      {"number", alert->description},
      {"name", alert_name(alert->description)},
      {"fatal", alert->level == 2},
      {"after_finished", alert->after_finished},
      {"meaning", alert_meaning(alert->description)},
  };
}

json::object request_json(const Observation& seen) {
  const tls::Transcript& tls = *seen.tls;
  json::array names;
  for (const x509::DistinguishedName& ca : tls.ca_names) names.emplace_back(ca.text());
  json::object out{
      {"ca_names", std::move(names)},
      {"signature_algorithms", json::value_from(tls.signature_algorithms)},
      {"certificate_sent", tls.certificate_sent},
  };
  if (!seen.client_chain.empty()) out["issuer_named"] = fits_ca_names(seen.client_chain, tls.ca_names);
  return out;
}

json::array messages_json(const tls::Transcript& tls) {
  json::array out;
  for (const tls::ProbeMessage& message : tls.messages) {
    out.emplace_back(json::object{
        {"sent", message.direction == tls::ProbeDirection::sent},
        {"content_type", message.content_type},
        {"handshake_type", message.handshake_type},
        {"octets", message.octets},
        {"microseconds", message.at.count()},
    });
  }
  return out;
}

json::array attempts_json(const Observation& seen, const Report& report) {
  json::array out;
  for (std::size_t i = 0; i < report.attempts.size(); ++i) {
    const AttemptReport& one = report.attempts[i];
    out.emplace_back(json::object{
        {"kind", name(one.kind)},
        {"reason", reason(one.kind)},
        {"result", without_controls(one.result)},
        {"decided", one.decided},
        {"version", i < seen.further.size() ? json::value(seen.further[i].tls.version) : json::value(nullptr)},
        {"cipher", i < seen.further.size() ? json::value(seen.further[i].tls.cipher) : json::value(nullptr)},
    });
  }
  return out;
}

json::object tls_json(const Observation& seen) {
  const tls::Transcript& tls = *seen.tls;
  return {
      {"finished", tls.finished},
      {"version", tls.version},
      {"cipher", tls.cipher},
      {"group", tls.group},
      {"handshake_microseconds", tls.handshake_time.count()},
      {"certificate_request", tls.certificate_requested ? json::value(request_json(seen)) : json::value(nullptr)},
      {"alert_received", alert_json(tls.alert_received)},
      {"alert_sent", alert_json(tls.alert_sent)},
      {"session_tickets", tls.session_tickets},
      {"application_protocol", printable(tls.application_protocol)},
      {"staple_octets", tls.staple ? json::value(tls.staple->size()) : json::value(nullptr)},
      {"application_octets", tls.application_data.size()},
      {"messages", messages_json(tls)},
      {"ladder", ladder_json(ladder(tls))},
  };
}

json::value verdict_json(const std::optional<PathVerdict>& verdict, const std::string& trust) {
  if (!verdict) return nullptr;
  json::object out{{"trust", trust}, {"valid", verdict->has_value()}};
  if (!*verdict) {
    out["code"] = name(verdict->error().code);
    out["certificate"] = verdict->error().index;
    out["rule"] = verdict->error().rule;
    out["detail"] = verdict->error().detail;
  }
  return out;
}

json::array findings_json(const Report& report) {
  json::array out;
  for (const Finding& finding : report.findings) {
    const CodeRow& code = row(finding.code);
    out.emplace_back(json::object{
        {"code", code.name},
        {"severity", name(finding.severity())},
        {"certainty", name(finding.certainty)},
        {"side", name(finding.side)},
        {"sentence", code.sentence},
        {"words", finding.words},
        {"remedy", finding.remedy_text()},
        {"section", code.section},
    });
  }
  return out;
}

}  // namespace

std::string to_json(const Observation& seen, const Report& report) {
  const json::object out{
      {"endpoint", seen.endpoint.text()},
      {"address", seen.address},
      {"way", way_json(seen.way)},
      {"server_name", seen.server_name},
      {"time", to_rfc3339(seen.at)},
      {"outcome", name(report.outcome)},
      {"summary", report.summary},
      {"exit", report.exit_code()},
      {"findings", findings_json(report)},
      {"notes", json::value_from(report.notes)},
      {"attempts", attempts_json(seen, report)},
      {"tls", seen.tls ? json::value(tls_json(seen)) : json::value(nullptr)},
      {"server_chain", seen.tls ? chain_json(seen.tls->server_chain, seen.at) : json::array{}},
      {"server_verification", verdict_json(seen.server_path, seen.trust)},
      {"client_chain", chain_json(seen.client_chain, seen.at)},
      {"client_verification", verdict_json(seen.client_path, seen.trust)},
  };
  return json::serialize(out) + "\n";
}

}  // namespace symbolon::check
