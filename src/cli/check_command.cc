// check: what happens at an endpoint, and why.
#include <memory>

#include "check/probe.h"
#include "check/report.h"
#include "check/report_html.h"
#include "check/report_text.h"
#include "cli/commands.h"
#include "cli/session.h"

namespace symbolon::cli {
namespace {

struct CheckOptions {
  std::string endpoint;
  std::optional<std::string> certificate;
  std::optional<std::string> key;
  std::optional<std::string> ca;
  std::optional<std::string> server_name;
  std::optional<std::string> html;
  bool http = false;
};

std::optional<Path> as_path(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return Path(*text);
}

Style style_of(check::Tone tone) {
  switch (tone) {
    case check::Tone::plain: return Style::plain;
    case check::Tone::good: return Style::good;
    case check::Tone::bad: return Style::bad;
    case check::Tone::faint: return Style::faint;
    case check::Tone::strong: return Style::strong;
  }
  return Style::plain;
}

// On a terminal or as JSON, and as a page where one is wanted.
Status show(const CheckOptions& options, const check::Observation& observation, const check::Report& report,
            const Session& session) {
  const Terminal& terminal = session.terminal();
  const check::Paint paint = [&](check::Tone tone, std::string_view text) {
    return terminal.styled(style_of(tone), text);
  };
  const std::string text =
      session.json() ? check::to_json(observation, report) : check::to_text(observation, report, paint);
  terminal.print(std::string_view(text).substr(0, text.size() - 1));
  if (!options.html) return {};
  TRY(check::write_page(*options.html, check::to_html(observation, report)));
  terminal.note(fmt::format("the page is in {}", *options.html));
  return {};
}

Status check(const CheckOptions& options, Session& session) {
  if (options.html) TRY(check::may_write_page(*options.html));
  const check::ProbeRequest request =
      TRY(check::read_arguments({.endpoint = options.endpoint,
                                 .certificate = as_path(options.certificate),
                                 .key = as_path(options.key),
                                 .ca = as_path(options.ca),
                                 .server_name = options.server_name,
                                 .ask = options.http ? check::Ask::http : check::Ask::nothing},
                                session.clock().now()));
  const check::Observation observation = check::probe(request, session.clock());
  const check::Report report = check::diagnose(observation);
  session.exit_with(report.exit_code());
  return show(options, observation, report, session);
}

}  // namespace

Command check_command() {
  auto options = std::make_shared<CheckOptions>();
  Command command("check", "Say what happens at a TLS endpoint, whose fault it is, and what mends it");
  command.argument("ENDPOINT", &options->endpoint, "HOST:PORT of any TLS server, or unix:PATH")
      .option("--cert FILE", &options->certificate, "the client's certificate, PEM, its chain behind it")
      .option("--key FILE", &options->key, "its key (default: in --cert's file)")
      .option("--ca FILE", &options->ca,
              "the CAs that the server's certificate is checked against (default: the system's)")
      .option("--server-name NAME", &options->server_name, "asked for and expected (default: HOST)")
      .option("--html FILE", &options->html,
              "write the report as one page too, for a browser; a page there is replaced")
      .option("--http", &options->http, "ask for / over HTTP: only an answer proves that the certificate was accepted")
      .example("symbolon check web.example:443", "does it ask for a client certificate, and of which CAs?")
      .example("symbolon check web.example:443 --cert me.crt --key me.key --ca root.crt --http", "does mine get in?")
      .action([options](Session& session) { return check(*options, session); });
  return command;
}

}  // namespace symbolon::cli
