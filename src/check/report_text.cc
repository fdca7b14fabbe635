#include <fmt/format.h>

#include <iterator>

#include "check/alert_meaning.h"
#include "check/client_diagnosis.h"
#include "check/printable.h"
#include "check/report.h"
#include "check/way_report.h"

namespace symbolon::check {
namespace {

constexpr std::size_t kNamesShown = 8;

class Page {
 public:
  template <typename... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
    text_ += '\n';
  }
  void blank() { text_ += '\n'; }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string life(const x509::Validity& validity, UnixSeconds at) {
  const std::string span = to_rfc3339(validity.not_before) + " to " + to_rfc3339(validity.not_after);
  if (at < validity.not_before) return fmt::format("{} (begins in {})", span, to_words(validity.not_before - at));
  if (at > validity.not_after) return fmt::format("{} (ended {} ago)", span, to_words(at - validity.not_after));
  return fmt::format("{} ({} left)", span, to_words(validity.not_after - at));
}

std::string names_of(const x509::Certificate& certificate) {
  const auto& names = certificate.subject_alt_names();
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < kNamesShown; ++i) {
    out += (i == 0 ? "" : ", ") + printable(names[i].text());
  }
  if (names.size() > kNamesShown) out += fmt::format(" and {} more", names.size() - kNamesShown);
  return out;
}

void show_chain(Page& page, const std::vector<x509::Certificate>& chain, UnixSeconds at) {
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const x509::Certificate& certificate = chain[i];
    page.line("  {} {}", i, certificate.subject().empty() ? "(no subject)" : certificate.subject().text());
    if (!certificate.subject_alt_names().empty()) page.line("      names   {}", names_of(certificate));
    page.line("      issuer  {}", certificate.self_issued() ? "itself" : certificate.issuer().text());
    page.line("      valid   {}", life(certificate.validity(), at));
    page.line("      key     {}, signed with {}", certificate.public_key().description(),
              certificate.signature_algorithm());
  }
}

void show_server(Page& page, const Observation& seen) {
  if (seen.tls->server_chain.empty()) return;
  page.line("server's chain");
  show_chain(page, seen.tls->server_chain, seen.at);
  if (!seen.server_path) return;
  if (*seen.server_path) {
    page.line("  verified by {}", seen.trust);
  } else {
    page.line("  NOT verified by {}", seen.trust);
  }
}

void show_client(Page& page, const Observation& seen) {
  const tls::Transcript& tls = *seen.tls;
  if (!tls.certificate_requested) {
    if (!seen.client_chain.empty()) page.line("client's chain: not asked for, not sent");
    return;
  }
  if (tls.ca_names.empty()) {
    page.line("the server asks for a client certificate of any CA");
  } else {
    page.line("the server asks for a client certificate of {}",
              tls.ca_names.size() == 1 ? "this CA" : fmt::format("one of these {} CAs", tls.ca_names.size()));
  }
  for (std::size_t i = 0; i < tls.ca_names.size() && i < kNamesShown; ++i) page.line("  {}", tls.ca_names[i].text());
  if (tls.ca_names.size() > kNamesShown) page.line("  and {} more", tls.ca_names.size() - kNamesShown);
  if (seen.client_chain.empty()) {
    page.line("client's chain: none was given, none was sent");
    return;
  }
  page.line("client's chain{}", tls.certificate_sent ? "" : ": could not be sent");
  show_chain(page, seen.client_chain, seen.at);
  if (!tls.ca_names.empty()) {
    page.line("  its issuer is {}among the CAs that the server names",
              fits_ca_names(seen.client_chain, tls.ca_names) ? "" : "NOT ");
  }
}

void show_handshake(Page& page, const Observation& seen) {
  const tls::Transcript& tls = *seen.tls;
  if (!tls.version.empty()) {
    page.line("{}{}{}{}{}{}", tls.version, tls.cipher.empty() ? "" : ", ", tls.cipher, tls.group.empty() ? "" : ", ",
              tls.group, tls.finished ? "" : " (the handshake did not finish)");
  }
  if (!seen.server_name.empty()) page.line("asked for the name {}", seen.server_name);
  show_server(page, seen);
  show_client(page, seen);
  if (tls.alert_received) {
    page.line("alert: {}{}", alert_text(tls.alert_received->description),
              tls.finished ? ", after the handshake had finished for this side" : "");
  }
}

}  // namespace

std::string to_text(const Observation& seen, const Report& report) {
  Page page;
  page.line("{}{}{}{}", seen.endpoint.text(), seen.address.empty() ? "" : " (", seen.address,
            seen.address.empty() ? "" : ")");
  for (const std::string& line : way_lines(seen.way)) page.line("{}", line);
  if (seen.tls) show_handshake(page, seen);
  page.blank();
  page.line("{}: {}", name(report.outcome), report.summary);
  for (const Finding& finding : report.findings) {
    page.blank();
    page.line("{} ({}, {})", name(finding.code), name(finding.certainty), name(finding.side));
    page.line("  {}", row(finding.code).sentence);
    page.line("  {}", without_controls(finding.words));
    page.line("  -> {}", finding.remedy_text());
  }
  if (!report.notes.empty()) page.blank();
  for (const std::string& note : report.notes) page.line("note: {}", without_controls(note));
  return page.take();
}

}  // namespace symbolon::check
