#include "check/report_html.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>
#include <system_error>

#include "base/bytes.h"
#include "check/asked_view.h"
#include "check/chain_view.h"
#include "check/html_text.h"
#include "check/ladder.h"
#include "check/ladder_svg.h"
#include "check/report_page.h"
#include "check/report_style.h"
#include "check/way_report.h"
#include "crypto/digest.h"

namespace symbolon::check {
namespace {

constexpr std::string_view kDoctype = "<!DOCTYPE html>";
constexpr std::uint64_t kLargestPage = 16ULL << 20;
constexpr std::size_t kNamesShown = 40;    // of the CAs that the server names
constexpr std::size_t kSchemesShown = 40;  // of its signature algorithms
constexpr std::size_t kLongestName = 600;  // octets

// What the style calls it.
std::string_view class_of(Tone tone) {
  switch (tone) {
    case Tone::plain: return "plain";
    case Tone::good: return "good";
    case Tone::bad: return "bad";
    case Tone::faint: return "sub";
    case Tone::strong: return "strong";
  }
  return "";
}

class Page {
 public:
  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
    text_ += '\n';
  }
  void raw(std::string_view text) { text_ += text; }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void add_head(Page& page, const Observation& seen, const Report& report) {
  const std::string_view style = report_style();
  page.add("{}\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">", kDoctype);
  // Only this style, by its digest; a data: icon keeps browsers from asking for one.
  page.add(R"(<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-{}'; )"
           R"(img-src data:; base-uri 'none'; form-action 'none'">)",
           to_base64(crypto::sha256(as_bytes(style))));
  page.add(R"(<meta name="viewport" content="width=device-width, initial-scale=1">)");
  page.add(R"(<meta name="color-scheme" content="light dark">)");
  page.add(R"(<meta name="referrer" content="no-referrer">)");
  page.add(R"(<meta name="robots" content="noindex">)");
  page.add("<title>{}: {}</title>", html_text(words_of(report.outcome)), html_text(seen.endpoint.text(), 200));
  page.add(R"(<link rel="icon" href="data:,">)");
  page.add("<style>{}</style>\n</head>", style);
}

void add_fact(Page& page, std::string_view label, std::string_view value) {
  if (!value.empty()) page.add("<div><dt>{}</dt><dd>{}</dd></div>", label, html_text(value));
}

void add_header(Page& page, const Observation& seen, const Report& report) {
  page.add(R"(<header>
<p class="brand">symbolon check</p>
<h1>{}</h1>
<p class="verdict ground-{}"><strong>{}</strong> <span>{}</span></p>
<dl class="facts">)",
           html_text(seen.endpoint.text()), class_of(tone_of(report.outcome)), html_text(words_of(report.outcome)),
           html_sentence(report.summary));
  add_fact(page, "looked at", to_rfc3339(seen.at));
  add_fact(page, "address", seen.address);
  for (const std::string& line : way_lines(seen.way)) add_fact(page, "way", line);
  if (seen.tls) {
    add_fact(page, "asked for the name", seen.server_name);
    add_fact(page, "version", seen.tls->version);
    add_fact(page, "cipher suite", seen.tls->cipher);
    add_fact(page, "group", seen.tls->group);
    add_fact(page, "application protocol", seen.tls->application_protocol);
    if (seen.tls->staple) add_fact(page, "OCSP response", fmt::format("stapled, {} octets", seen.tls->staple->size()));
    add_fact(page, "handshake", seen.tls->finished ? milliseconds(seen.tls->handshake_time) : "did not finish");
  }
  page.add("</dl>\n</header>");
}

void add_finding(Page& page, const Finding& finding) {
  const Severity severity = finding.severity();
  const std::string_view tone = class_of(tone_of(severity));
  page.add(R"(<li class="card finding edge-{}">)", tone);
  page.add(R"(<p class="badges"><span class="badge ground-{}">{}</span> <span class="badge">{}</span> )"
           R"(<span class="badge">at the {}</span></p>)",
           tone, name(severity), name(finding.certainty), name(finding.side));
  page.add(R"(<h3 class="mono">{}</h3>)", html_text(name(finding.code)));
  page.add("<p>{}</p>", html_sentence(finding.sentence()));
  if (!finding.words.empty()) page.add(R"(<p class="evidence">{}</p>)", html_text(finding.words));
  if (!finding.remedy_text().empty()) {
    page.add(R"(<p class="remedy"><b>What mends it:</b> {}</p>)", html_sentence(finding.remedy_text()));
  }
  if (!row(finding.code).section.empty()) {
    page.add(R"(<p class="source">{}</p>)", html_text(row(finding.code).section));
  }
  page.add("</li>");
}

void add_findings(Page& page, const Report& report) {
  page.add("<section aria-labelledby=\"findings\">\n<h2 id=\"findings\">Findings</h2>");
  if (report.findings.empty()) {
    page.add(R"(<p class="card good">Nothing was found that wants mending.</p>)");
  } else {
    page.add("<ol>");
    for (const Finding& finding : report.findings) add_finding(page, finding);
    page.add("</ol>");
  }
  page.add("</section>");
  if (report.notes.empty()) return;
  page.add("<section aria-labelledby=\"notes\">\n<h2 id=\"notes\">Worth knowing</h2>\n<ul class=\"card notes\">");
  for (const std::string& note : report.notes) page.add("<li>{}</li>", html_text(note));
  page.add("</ul>\n</section>");
}

void add_certificate(Page& page, const CertificateView& certificate) {
  page.add(R"(<li{}><article class="card">)", certificate.gap.empty() ? "" : R"( class="broken")");
  page.add("<h3>{}</h3>\n<dl>", html_text(certificate.title, kLongestName));
  for (const Fact& fact : certificate.facts) {
    const bool digits = fact.label == "sha256" || fact.label == "serial";
    page.add(R"(<dt>{}</dt><dd class="{}">{})", fact.label,
             digits                     ? "mono"
             : fact.tone == Tone::plain ? ""
                                        : class_of(fact.tone),
             html_text(fact.value, kLongestName));
    if (fact.label == "valid") {
      page.add(R"(<svg class="life {}" aria-hidden="true"><rect width="{}%" height="100%"/></svg>)",
               fact.tone == Tone::plain ? "good" : class_of(fact.tone), certificate.spent);
    }
    page.add("</dd>");
  }
  page.add("</dl>");
  for (const std::string& trouble : certificate.troubles) page.add(R"(<p class="trouble">{}</p>)", html_text(trouble));
  if (!certificate.gap.empty()) page.add(R"(<p class="trouble">{}</p>)", html_text(certificate.gap));
  page.add("</article></li>");
}

void add_chain(Page& page, std::string_view id, const ChainView& chain) {
  if (chain.title.empty()) return;
  std::string title = chain.title;
  if (title[0] >= 'a' && title[0] <= 'z') title[0] = static_cast<char>(title[0] - 'a' + 'A');
  page.add(R"(<section aria-labelledby="{0}"><h2 id="{0}">{1}</h2>)", id, html_text(title));
  if (!chain.empty()) {
    page.add(R"(<ol class="chain">)");
    for (const CertificateView& certificate : chain.certificates) add_certificate(page, certificate);
    page.add("</ol>");
  }
  if (!chain.omitted.empty()) page.add(R"(<p class="sub">{}</p>)", html_text(chain.omitted));
  if (!chain.verdict.empty()) page.add(R"(<p class="sum {}">{}</p>)", class_of(chain.tone), html_text(chain.verdict));
  page.add("</section>");
}

void add_list(Page& page, std::string_view title, std::string_view kind, const std::vector<std::string>& words,
              std::size_t most) {
  if (words.empty()) return;
  page.add(R"(<h3>{}</h3><ul class="{}">)", title, kind);
  for (std::size_t i = 0; i < words.size() && i < most; ++i) {
    const std::string text = html_text(words[i], kLongestName);
    page.add("<li>{}</li>", kind == "tokens" ? "<code>" + text + "</code>" : text);
  }
  if (words.size() > most) page.add("<li>and {} more</li>", words.size() - most);
  page.add("</ul>");
}

void add_asked(Page& page, const Observation& seen) {
  const AskedView asked = asked_view(seen);
  page.add("<section aria-labelledby=\"asked\">\n<h2 id=\"asked\">What the server asked for</h2>");
  page.add(R"(<div class="card asked"><p>{}</p>)", html_text(asked.words));
  add_list(page, "CAs that it names", "names", asked.ca_names, kNamesShown);
  add_list(page, "Certificate types", "tokens", asked.certificate_types, kSchemesShown);
  add_list(page, "Signature algorithms", "tokens", asked.signature_algorithms, kSchemesShown);
  if (!asked.remarks.empty()) {
    page.add("<h3>The client's certificate</h3><ul>");
    for (const Remark& remark : asked.remarks) {
      const std::string_view tone = remark.tone == Tone::plain ? "" : class_of(remark.tone);
      page.add(R"(<li class="{}">{}</li>)", tone, html_text(remark.words));
    }
    page.add("</ul>");
  }
  page.add("</div>\n</section>");
}

void add_attempts(Page& page, const Report& report) {
  if (report.attempts.empty()) return;
  page.add("<section aria-labelledby=\"attempts\">\n<h2 id=\"attempts\">Tried again</h2>\n<ul class=\"card notes\">");
  for (const AttemptReport& attempt : report.attempts) {
    page.add(R"(<li>{}<br><span class="sub">{}{}</span></li>)", html_text(reason(attempt.kind)),
             html_text(attempt.result),
             attempt.decided.empty() ? "" : fmt::format(": <b>{}</b>", html_text(attempt.decided)));
  }
  page.add("</ul>\n</section>");
}

void add_footer(Page& page) {
  page.add(R"(<footer>
<p><b>Proven</b>: the server said so and our own look agrees, or nothing else can be meant. <b>Likely</b>: the usual
reason for what was seen. <b>Possible</b>: it may have to do with it.</p>
<p>Made by symbolon {}. Times count from the first octet that was sent; sizes are octets (B) of the messages, without their
records.</p>
</footer>)",
           SYMBOLON_VERSION);
}

// The page is written beside its place, and renamed.
Status folder_takes_files(const Path& path) {
  const Path folder = path.has_parent_path() ? path.parent_path() : Path(".");
  if (::access(folder.c_str(), W_OK | X_OK) == 0) return {};
  return fail(Code::usage, "--html {}: the folder {} takes no file: {}", path.string(), folder.string(),
              std::generic_category().message(errno));
}

}  // namespace

std::string to_html(const Observation& seen, const Report& report) {
  Page page;
  add_head(page, seen, report);
  page.add("<body>");
  add_header(page, seen, report);
  page.add("<main class=\"{}\">\n<div>", seen.tls ? "main" : "alone");
  add_findings(page, report);
  if (seen.tls) {
    add_asked(page, seen);
    add_attempts(page, report);
    page.add("</div>\n<section aria-labelledby=\"handshake\"><h2 id=\"handshake\">The handshake</h2>");
    page.add("<div class=\"card\">");
    page.raw(ladder_svg(ladder(*seen.tls)));
    page.add("</div></section>\n<div class=\"wide chains\">");
    add_chain(page, "server-chain", server_chain_view(seen));
    add_chain(page, "client-chain", client_chain_view(seen));
  }
  page.add("</div>\n</main>");
  add_footer(page);
  page.add("</body>\n</html>");
  return page.take();
}

Status may_write_page(const Path& path) {
  const auto there = read_file(path, kLargestPage);
  if (!there) {
    if (there.error().code == Code::file_missing) return folder_takes_files(path);
    return fail(Code::usage, "--html {}: what is there is no file that can be replaced: {}", path.string(),
                there.error().words);
  }
  if (there->empty() || there->starts_with(kDoctype)) return folder_takes_files(path);
  return fail(Code::usage, "--html {}: the file is no page, and is not overwritten", path.string());
}

Status write_page(const Path& path, std::string_view page) {
  return write_file(path, page, {.mode = 0644, .existing = Existing::replace});
}

}  // namespace symbolon::check
