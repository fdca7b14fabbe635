#include "check/report_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "check/alert_meaning.h"
#include "check/asked_view.h"
#include "check/chain_view.h"
#include "check/ladder.h"
#include "check/ladder_text.h"
#include "check/printable.h"
#include "check/report_page.h"
#include "check/way_report.h"
#include "check/wrapped.h"

namespace symbolon::check {
namespace {

constexpr std::size_t kLongest = 600;      // octets of one value
constexpr std::size_t kNamesShown = 8;     // of the CAs that the server names
constexpr std::size_t kSchemesShown = 24;  // of its signature algorithms
constexpr std::size_t kLabel = 8;          // columns of a fact's label

class Page {
 public:
  explicit Page(const Paint& paint) : paint_(paint) {}

  void blank() { text_ += '\n'; }
  void line(std::string_view whole) { (text_ += whole) += '\n'; }

  // Words in lines, each behind `margin` columns; `first` stands in the margin of the first one.
  void words(std::size_t margin, std::string_view first, Tone tone, std::string_view words) {
    const std::string lead = fmt::format("{:<{}}", first, margin);
    std::string_view before = lead;
    const std::string blanks(margin, ' ');
    for (const std::string& each : wrapped(without_controls(words, kLongest), kTextColumns - margin)) {
      line(std::string(before) + paint_(tone, each));
      before = blanks;
    }
  }
  void words(std::size_t margin, Tone tone, std::string_view text) { words(margin, "", tone, text); }
  void heading(std::string_view title) {
    blank();
    words(0, Tone::strong, title);
  }
  std::string painted(Tone tone, std::string_view text) const { return paint_(tone, text); }
  const Paint& paint() const { return paint_; }
  std::string take() { return std::move(text_); }

 private:
  const Paint& paint_;
  std::string text_;
};

void show_finding(Page& page, const Finding& finding) {
  const Severity severity = finding.severity();
  page.blank();
  page.line(fmt::format("{} {} ({}, {})", page.painted(tone_of(severity), name(severity)),
                        page.painted(Tone::strong, name(finding.code)), name(finding.certainty), name(finding.side)));
  page.words(2, Tone::plain, finding.sentence());
  page.words(2, Tone::plain, finding.words);
  page.words(5, "  ->", Tone::plain, finding.remedy_text());
  page.words(2, Tone::faint, row(finding.code).section);
}

void show_certificate(Page& page, std::size_t index, const CertificateView& certificate) {
  page.words(4, fmt::format("{:>3}", index), Tone::plain, certificate.title);
  for (const Fact& fact : certificate.facts) {
    page.words(4 + kLabel, fmt::format("    {}", fact.label), fact.tone, fact.value);
  }
  for (const std::string& trouble : certificate.troubles) page.words(7, "    !!", Tone::bad, trouble);
  if (!certificate.gap.empty()) page.words(7, "    --", Tone::bad, "the chain breaks here: " + certificate.gap);
}

void show_chain(Page& page, const ChainView& chain) {
  if (chain.title.empty()) return;
  page.heading(chain.title);
  for (std::size_t i = 0; i < chain.certificates.size(); ++i) show_certificate(page, i, chain.certificates[i]);
  if (!chain.omitted.empty()) page.words(4, Tone::plain, chain.omitted);
  if (!chain.verdict.empty()) page.words(2, chain.tone, chain.verdict);
}

std::string joined(const std::vector<std::string>& words, std::size_t most) {
  std::string out;
  for (std::size_t i = 0; i < words.size() && i < most; ++i) out += (i == 0 ? "" : ", ") + words[i];
  if (words.size() > most) out += fmt::format(" and {} more", words.size() - most);
  return out;
}

void show_asked(Page& page, const Observation& seen) {
  const AskedView asked = asked_view(seen);
  page.heading(asked.words);
  for (std::size_t i = 0; i < asked.ca_names.size() && i < kNamesShown; ++i) {
    page.words(4, Tone::plain, asked.ca_names[i]);
  }
  if (asked.ca_names.size() > kNamesShown) {
    page.words(4, Tone::plain, fmt::format("and {} more", asked.ca_names.size() - kNamesShown));
  }
  if (!asked.certificate_types.empty()) {
    page.words(2 + 11, "  types", Tone::plain, joined(asked.certificate_types, kSchemesShown));
  }
  if (!asked.signature_algorithms.empty()) {
    page.words(2 + 11, "  signatures", Tone::plain, joined(asked.signature_algorithms, kSchemesShown));
  }
  for (const Remark& remark : asked.remarks) page.words(2, remark.tone, remark.words);
}

void show_handshake(Page& page, const Observation& seen) {
  page.heading("handshake");
  for (const std::string& line : ladder_lines(ladder(*seen.tls), page.paint())) page.line(line);
  if (const auto& alert = seen.tls->alert_received) {
    page.words(2, Tone::plain,
               fmt::format("alert: {}{}: {}", alert_text(alert->description),
                           seen.tls->finished ? ", after the handshake had finished for this side" : "",
                           alert_meaning(alert->description)));
  }
  show_chain(page, server_chain_view(seen));
  show_asked(page, seen);
  show_chain(page, client_chain_view(seen));
}

void show_attempts(Page& page, const Report& report) {
  if (report.attempts.empty()) return;
  page.heading("tried again");
  for (const AttemptReport& attempt : report.attempts) {
    page.words(2, Tone::plain, reason(attempt.kind));
    const std::string& decided = attempt.decided;
    page.words(4, Tone::faint, decided.empty() ? attempt.result : fmt::format("{}: {}", attempt.result, decided));
  }
}

}  // namespace

std::string to_text(const Observation& seen, const Report& report, const Paint& paint) {
  Page page(paint);
  page.words(0, Tone::strong, reached_text(seen));
  if (const std::string agreed = agreed_text(seen); !agreed.empty()) page.words(0, Tone::faint, agreed);
  for (const std::string& line : way_lines(seen.way)) page.words(0, Tone::plain, line);
  page.blank();
  page.words(0, tone_of(report.outcome), fmt::format("{}: {}", name(report.outcome), report.summary));
  for (const Finding& finding : report.findings) show_finding(page, finding);
  if (!report.notes.empty()) page.blank();
  for (const std::string& note : report.notes) page.words(6, "note:", Tone::plain, note);
  if (seen.tls) show_handshake(page, seen);
  show_attempts(page, report);
  if (!report.findings.empty()) {
    page.blank();
    page.words(6, "next:", Tone::strong, report.findings.front().remedy_text());
  }
  return page.take();
}

std::string to_text(const Observation& seen, const Report& report) { return to_text(seen, report, unpainted); }

}  // namespace symbolon::check
