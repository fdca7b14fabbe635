#include "cli/check_endpoint.h"

#include "check/probe.h"
#include "check/report_html.h"
#include "check/report_text.h"
#include "cli/check_files.h"

namespace symbolon::cli {
namespace {

std::optional<Path> as_path(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return Path(*text);
}

check::ProbeArguments arguments_of(const std::string& endpoint, const CheckEndpoint& options) {
  return {.endpoint = endpoint,
          .certificate = as_path(options.certificate),
          .key = as_path(options.key),
          .ca = as_path(options.ca),
          .server_name = options.server_name,
          .ask = options.http ? check::Ask::http : check::Ask::nothing,
          .version = options.version,
          .protocols = options.protocols,
          .way = {.proxy = options.proxy,
                  .proxy_credentials = as_path(options.proxy_credentials),
                  .proxy_protocol = options.proxy_protocol,
                  .starttls = options.starttls},
          .passphrase = {}};
}

// What opens the client's key: named, or asked for where it turns out to be needed.
Result<check::ProbeRequest> read_request(const std::string& endpoint, const CheckEndpoint& options,
                                         const Session& session) {
  const UnixSeconds now = session.clock().now();
  check::ProbeArguments arguments = arguments_of(endpoint, options);
  if (options.passphrase_file) arguments.passphrase = TRY(session.passphrase(options.passphrase_file, {}));
  auto request = check::read_arguments(arguments, now);
  const bool needed = !request && request.error().code == Code::passphrase_needed;
  if (!needed || options.passphrase_file || !session.terminal().can_ask()) return request;
  arguments.passphrase = TRY(session.passphrase({}, "The passphrase of the client's key"));
  return check::read_arguments(arguments, now);
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

std::string text_of(const check::Observation& observation, const check::Report& report, const Session& session) {
  if (session.json()) return check::to_json(observation, report);
  const Terminal& terminal = session.terminal();
  return check::to_text(observation, report,
                        [&](check::Tone tone, std::string_view text) { return terminal.styled(style_of(tone), text); });
}

// The table's remedies speak to the owner of a configuration.
std::string_view remedy_of(const Error& error, const CheckEndpoint& options) {
  const bool key_in_certificate = options.certificate && !options.key;
  if (error.code == Code::passphrase_needed) return "name a file with its passphrase by --passphrase-file FILE";
  if (error.code == Code::key_unreadable && key_in_certificate) return "name the file with its key by --key FILE";
  return row(error.code).remedy;
}

bool is_no_host(const check::Observation& seen) {
  return seen.unreachable && seen.unreachable->code == Code::name_not_found && seen.way.proxy.empty();
}

OwnCertificate shown_by(const CheckEndpoint& options) { return {as_path(options.certificate), as_path(options.key)}; }

}  // namespace

Status check_endpoint(const std::string& endpoint, const CheckEndpoint& options, Session& session) {
  const Terminal& terminal = session.terminal();
  if (options.html) TRY(check::may_write_page(*options.html));
  const auto request = read_request(endpoint, options, session);
  if (!request) return cannot_use(request.error(), remedy_of(request.error(), options), session);
  BothEnds other_end(options.other_end, shown_by(options), session);
  if (const Status asked = other_end.ask(); !asked) return fail_looking_up(asked.error(), session);

  const check::Observation observation = check::probe(*request, session.clock());
  check::Report report = check::diagnose(observation);
  if (is_no_host(observation) && endpoint.find(':') == std::string::npos) {
    report.notes.push_back(fmt::format("no file is called {} here, either", printable(endpoint)));
  }
  std::string text = text_of(observation, report, session);
  const Status added = other_end.add_to(text, report);
  terminal.print(std::string_view(text).substr(0, text.size() - 1));
  session.exit_with(report.exit_code());
  if (options.html) {
    const Status written = check::write_page(*options.html, check::to_html(observation, report));
    if (!written) return cannot_use(written.error(), row(written.error().code).remedy, session);
    terminal.note(fmt::format("the page is in {}", *options.html));
  }
  return added ? added : fail_looking_up(added.error(), session);
}

Status check_records(const CheckEndpoint& options, Session& session) {
  const Status done = show_records(options.other_end, shown_by(options), session);
  return done ? done : fail_looking_up(done.error(), session);
}

}  // namespace symbolon::cli
