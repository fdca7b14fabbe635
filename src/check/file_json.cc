#include <boost/json.hpp>

#include "check/file_report.h"
#include "check/file_words.h"
#include "check/printable.h"
#include "x509/fetch_places.h"

namespace symbolon::check {
namespace {

namespace json = boost::json;

json::array names_json(const std::vector<x509::GeneralName>& names) {
  json::array out;
  for (const x509::GeneralName& one : names) out.emplace_back(printable(one.text()));
  return out;
}

json::value usage_json(std::optional<std::uint16_t> bits) {
  return bits ? json::value_from(key_usage_names(*bits)) : json::value(nullptr);
}

json::array purposes_json(const std::vector<std::string>& oids) {
  json::array out;
  for (const std::string& oid : oids) out.emplace_back(purpose_name(oid));
  return out;
}

void describe(json::object& out, const x509::Certificate& certificate, UnixSeconds now) {
  const auto& [begin, end] = certificate.validity();
  const x509::BasicConstraints& basic = certificate.basic_constraints();
  out["subject"] = certificate.subject().text();
  out["names"] = names_json(certificate.subject_alt_names());
  out["issuer"] = certificate.issuer().text();
  out["serial"] = certificate.serial().hex();
  out["fingerprint"] = certificate.fingerprint().hex();
  out["not_before"] = to_rfc3339(begin);
  out["not_after"] = to_rfc3339(end);
  out["seconds_left"] = (end - now).count;
  out["key"] = certificate.public_key().description();
  out["signature"] = certificate.signature_algorithm();
  out["key_usage"] = usage_json(certificate.key_usage());
  out["extended_key_usage"] = purposes_json(certificate.extended_key_usage());
  out["ca"] = basic.ca;
  out["path_length"] = basic.path_length ? json::value(*basic.path_length) : json::value(nullptr);
  out["crl_urls"] = json::value_from(x509::crl_urls(certificate));
  out["issuer_urls"] = json::value_from(x509::issuer_urls(certificate));
  out["ocsp_urls"] = json::value_from(certificate.ocsp_urls());
}

void describe(json::object& out, const x509::CertificateRequest& request) {
  out["subject"] = request.subject().text();
  out["names"] = names_json(request.subject_alt_names());
  out["key"] = request.public_key().description();
  out["key_usage"] = usage_json(request.key_usage());
  out["extended_key_usage"] = purposes_json(request.extended_key_usage());
  out["ca"] = request.asks_to_be_ca();
  out["signature_verifies"] = true;
}

std::string_view signature_name(CrlSignature signature) {
  switch (signature) {
    case CrlSignature::verified: return "verified";
    case CrlSignature::wrong: return "wrong";
    case CrlSignature::weak: return "weak";
    case CrlSignature::issuer_missing: return "issuer_missing";
    case CrlSignature::issuer_may_not_sign: return "issuer_may_not_sign";
  }
  return "";
}

void describe(json::object& out, const SeenCrl& crl) {
  out["issuer"] = crl.issuer.text();
  out["this_update"] = to_rfc3339(crl.this_update);
  out["next_update"] = to_rfc3339(crl.next_update);
  out["number"] = crl.number ? json::value(number_text(*crl.number)) : json::value(nullptr);
  out["base_number"] = crl.base_number ? json::value(number_text(*crl.base_number)) : json::value(nullptr);
  out["entries"] = crl.entries;
  out["on_hold"] = crl.on_hold;
  out["scope"] = scope_text(crl.coverage);
  out["algorithm"] = crl.algorithm;
  out["signature"] = signature_name(crl.signature);
}

void describe(json::object& out, const SeenKey& key) {
  out["key"] = key.key ? json::value(key.key->description()) : json::value(nullptr);
  if (key.key) {
    out["security_bits"] = key.key->security_bits();
    out["public_key_sha256"] = to_hex(key.key->spki_sha256());
  }
  if (!key.scheme.empty()) out["encrypted_with"] = key.scheme;
}

json::object object_json(const FileObservation& seen, const FileObject& object, UnixSeconds now) {
  json::object out{{"file", without_controls(seen.files[object.file].name)},
                   {"line", object.line == 0 ? json::value(nullptr) : json::value(object.line)},
                   {"kind", name(object.kind)}};
  if (!object.friendly_name.empty()) out["friendly_name"] = without_controls(object.friendly_name);
  if (object.problem) out["problem"] = name(object.problem->code);
  if (object.subject) out["subject"] = *object.subject;
  if (const auto* certificate = object.get<x509::Certificate>()) describe(out, *certificate, now);
  if (const auto* request = object.get<x509::CertificateRequest>()) describe(out, *request);
  if (const auto* crl = object.get<SeenCrl>()) describe(out, *crl);
  if (const auto* key = object.get<SeenKey>()) describe(out, *key);
  return out;
}

json::array files_json(const FileObservation& seen) {
  json::array out;
  for (const SeenFile& file : seen.files) {
    out.emplace_back(json::object{{"name", without_controls(file.name)},
                                  {"form", file.form.empty() ? json::value(nullptr) : json::value(file.form)},
                                  {"octets", file.octets},
                                  {"encrypted_with", json::value_from(file.schemes)}});
  }
  return out;
}

json::array chains_json(const FileReport& report) {
  json::array out;
  for (const FileChain& chain : report.chains) {
    json::array certificates;
    for (const x509::Certificate& one : chain.certificates) certificates.emplace_back(one.fingerprint().hex());
    out.emplace_back(json::object{{"certificates", std::move(certificates)}, {"end", name(chain.end)}});
  }
  return out;
}

json::array findings_json(const FileReport& report) {
  json::array out;
  for (const FileFinding& one : report.findings) {
    const CodeRow& code = row(one.finding.code);
    out.emplace_back(json::object{{"code", code.name},
                                  {"severity", name(one.severity())},
                                  {"certainty", name(one.finding.certainty)},
                                  {"where", one.where},
                                  {"sentence", code.sentence},
                                  {"words", without_controls(one.finding.words)},
                                  {"remedy", without_controls(one.finding.remedy_text())},
                                  {"section", code.section}});
  }
  return out;
}

}  // namespace

std::string to_json(const FileObservation& seen, const FileReport& report, UnixSeconds now) {
  json::array objects;
  for (const FileObject& object : seen.objects) objects.emplace_back(object_json(seen, object, now));
  json::array pairs;
  for (const KeyPair& pair : report.pairs) pairs.emplace_back(json::object{{"key", pair.key}, {"holder", pair.holder}});
  json::array notes;
  for (const std::string& note : report.notes) notes.emplace_back(without_controls(note));
  const json::object out{
      {"time", to_rfc3339(now)},       {"summary", report.summary},         {"exit", report.exit_code()},
      {"files", files_json(seen)},     {"objects", std::move(objects)},     {"pairs", std::move(pairs)},
      {"chains", chains_json(report)}, {"findings", findings_json(report)}, {"notes", std::move(notes)},
  };
  return json::serialize(out) + "\n";
}

}  // namespace symbolon::check
