#include "cli/rejection_words.h"

#include <fmt/format.h>

#include "base/utf8.h"

namespace symbolon::cli {
namespace {

class Lines {
 public:
  void add(std::string_view what, std::string_view value) {
    if (!value.empty()) text_ += fmt::format("  {:<12} {}\n", what, escaped(value, LineBreaks::escape));
  }
  void add(std::string_view what, const std::string& value) { add(what, std::string_view(value)); }
  void add(std::string_view what, const std::optional<std::string>& value) { add(what, value.value_or("")); }
  std::string take() && { return std::move(text_); }

 private:
  std::string text_;
};

std::string text_of(const api::RecordedCertificate& certificate) {
  return fmt::format("{}, serial {}, issued by {}, {} to {}", certificate.subject, certificate.serial,
                     certificate.issuer, to_rfc3339(certificate.not_before), to_rfc3339(certificate.not_after));
}

std::string text_of(const std::optional<api::RecordedAlert>& alert) {
  return alert ? fmt::format("{} {}", alert->number, alert->name) : "";
}

void add_certificate(Lines& out, std::string_view what, const std::optional<api::RecordedCertificate>& certificate) {
  if (!certificate) return;
  out.add(what, text_of(*certificate));
  out.add("", "SHA-256 " + certificate->fingerprint);
}

std::string limit_of(const api::RejectionRecord& record) {
  if (!record.limit) return "";
  return to_rfc3339(*record.limit) + (record.by ? ", missed by " + *record.by : "");
}

}  // namespace

std::string words_of(const api::RejectionRecord& record) {
  Lines out;
  out.add("time", to_rfc3339(record.time));
  out.add("route", record.route);
  out.add("code", fmt::format("{} (fault: {})", record.code, record.fault));
  out.add("cause", record.sentence);
  out.add("detail", record.detail);
  out.add("remedy", record.remedy);
  add_certificate(out, "certificate", record.certificate);
  add_certificate(out, "leaf", record.leaf);
  out.add("limit", limit_of(record));
  out.add("rule", record.rule);
  out.add("possession", record.possession);
  out.add("from", record.peer);
  out.add("proxy", record.proxy);
  out.add("service", record.service);
  out.add("server name", record.server_name);
  out.add("version", record.version);
  out.add("alert sent", text_of(record.alert_sent));
  out.add("received", text_of(record.alert_received));
  return fmt::format("record {}\n", escaped(record.id, LineBreaks::escape)) + std::move(out).take();
}

}  // namespace symbolon::cli
