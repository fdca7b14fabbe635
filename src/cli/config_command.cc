// config: is the configuration right, and what would its rules say?
#include <boost/json.hpp>
#include <memory>

#include "api/openapi.h"
#include "cli/commands.h"
#include "cli/configuration.h"
#include "config/reference.h"
#include "config/schema.h"
#include "gateway/file_check.h"
#include "policy/access_policy.h"
#include "x509/identity.h"

namespace symbolon::cli {
namespace {

// What the reader of the configuration cannot know: the files that it names, and whether its profiles fit their bases.
std::vector<Error> check_beyond_the_file(const Configuration& content, UnixSeconds now) {
  std::vector<Error> out;
  if (content.gateway) out = gateway::check_files(*content.gateway, now);
  if (!content.authority) return out;
  auto profiles = authority::configure(authority::builtin_profiles(""), content.authority->profiles);
  if (!profiles) out.push_back(profiles.error());
  return out;
}

Status check(const Session& session) {
  const LoadedConfiguration loaded = TRY(load_configuration(session));
  const std::vector<Error> errors = check_beyond_the_file(loaded.content, session.clock().now());
  for (std::size_t i = 1; i < errors.size(); ++i) session.terminal().note("error: " + printable(errors[i].text()));
  if (!errors.empty()) return std::unexpected(errors.front());
  const std::size_t routes = loaded.content.gateway ? loaded.content.gateway->routes.size() : 0;
  session.terminal().print(fmt::format("{}: {} ({} route{}, state in {})",
                                       session.terminal().styled(Style::good, "right"), loaded.file.string(), routes,
                                       routes == 1 ? "" : "s", loaded.state.string()));
  return {};
}

struct ExplainOptions {
  std::string certificate;
  std::string route;
};

boost::json::object to_json(const policy::Explanation& explanation) {
  boost::json::array rules;
  for (const auto& rule : explanation.rules) {
    boost::json::array keys;
    for (const auto& key : rule.keys) {
      keys.push_back({{"pattern", key.pattern}, {"matched", key.matched}, {"found", key.found}});
    }
    rules.push_back({{"kind", rule.kind == policy::Decision::Outcome::allowed ? "allow" : "deny"},
                     {"rule", rule.text},
                     {"place", rule.place.text()},
                     {"matched", rule.matched},
                     {"keys", std::move(keys)}});
  }
  return {
      {"allowed", explanation.decision.allowed()}, {"rule", explanation.decision.rule}, {"rules", std::move(rules)}};
}

Status explain(const ExplainOptions& options, Session& session) {
  if (options.certificate.empty() || options.route.empty())
    return fail(Code::usage, "both are needed: --cert FILE --route NAME");
  const LoadedConfiguration loaded = TRY(load_configuration(session));
  const auto certificates =
      TRY(x509::Certificate::from_file_content(TRY(read_file(options.certificate, 1 << 20)), options.certificate));
  if (certificates.empty()) return fail_at(options.certificate, Code::certificate_malformed, "it holds no certificate");
  const gateway::RouteConfig* found = nullptr;
  std::string known;
  if (loaded.content.gateway) {
    for (const gateway::RouteConfig& route : loaded.content.gateway->routes) {
      if (route.name == options.route) found = &route;
      known += (known.empty() ? "" : ", ") + route.name;
    }
  }
  if (found == nullptr)
    return fail(Code::not_found, "there is no route '{}' (there are: {})", options.route,
                known.empty() ? "none" : known);
  if (!found->clients || !found->clients->allow)
    return fail(Code::config_no_rules, "route '{}' has no access rules", options.route);
  const auto policy =
      TRY(policy::AccessPolicy::make({*found->clients->allow, found->clients->deny}, found->clients->place.text()));
  const policy::Explanation explanation = policy.explain(x509::identity_of(certificates.front()));
  const std::string text = explanation.text();
  session.terminal().print(session.json() ? boost::json::serialize(to_json(explanation))
                                          : text.substr(0, text.size() - 1));
  if (!session.json()) {
    session.terminal().note("the rules alone were asked; whether the certificate is valid, `symbolon verify` says");
  }
  session.exit_with(explanation.decision.allowed() ? 0 : row(Code::not_allowed_by_policy).exit_code);
  return {};
}

// A row about a peer's certificate stands for the client's and for the server's.
std::string names_of(const CodeRow& entry) {
  constexpr std::string_view kClient = "client_certificate_";
  if (!entry.name.starts_with(kClient)) return fmt::format("`{}`", entry.name);
  const std::string twin = "server_certificate_" + std::string(entry.name.substr(kClient.size()));
  if (!code_from_name(twin)) return fmt::format("`{}`", entry.name);
  return fmt::format("`{}`, `{}`", entry.name, twin);
}

std::string rejections() {
  std::string page =
      "# Codes: refusals, findings, failures\n\n"
      "Made by `./dev docs` from `src/base/codes.inc`. `alert` is what really leaves in TLS 1.3 (RFC 8446 §6.2); `-`: "
      "none, or\n"
      "libssl's own choice. libssl can send 40, 42 to 46, 48, 51 and 80 from where a certificate is judged, and never "
      "49\n"
      "(access_denied): a refusal by an access rule leaves as 46. In TLS 1.2 a missing certificate leaves as 40 "
      "instead of 116.\n"
      "Only the client's own expiry is told as 45.\n";
  for (const Fault fault : {Fault::peer, Fault::policy, Fault::configuration, Fault::environment, Fault::internal}) {
    page += fmt::format(
        "\n## Fault: {}\n\n| code | cause | remedy | section | alert | HTTP | exit |\n| --- | --- | --- | --- | --- | "
        "--: | --: |\n",
        name(fault));
    for (const CodeRow& entry : code_table()) {
      if (entry.fault != fault || entry.name.starts_with("server_certificate_")) continue;
      const std::string alert =
          entry.tls_alert == 0 ? "-" : fmt::format("{} {}", entry.tls_alert, alert_name(entry.tls_alert));
      page += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", names_of(entry), entry.sentence, entry.remedy,
                          entry.section, alert, entry.http_status, entry.exit_code);
    }
  }
  return page;
}

std::string configuration_page() {
  return "# Configuration reference\n\nMade by `./dev docs` from the tables that read the file. The JSON schema is "
         "[configuration.schema.json](configuration.schema.json).\n\n" +
         config::reference(*configuration_table().description());
}

Status print_document(const std::string& which, const Session& session) {
  std::string text;
  if (which == "rejections") {
    text = rejections();
  } else if (which == "configuration") {
    text = configuration_page();
  } else if (which == "schema") {
    text = config::schema(*configuration_table().description(), "symbolon.yaml");
  } else if (which == "openapi") {
    text = api::openapi_document();
  } else {
    return fail(Code::usage, "'{}' is not a generated document (rejections, configuration, schema, openapi)", which);
  }
  while (text.ends_with('\n')) text.pop_back();
  session.terminal().print(text);
  return {};
}

}  // namespace

Command config_command() {
  auto options = std::make_shared<ExplainOptions>();
  Command command("config", "Check the configuration, explain its rules, print its reference");
  command
      .sub(Command("check", "Read the configuration and the files it names, and say everything that is wrong")
               .action([](Session& session) { return check(session); }))
      .sub(Command("explain", "Which access rule decides about a certificate, and why")
               .option("--cert FILE", &options->certificate, "the client's certificate")
               .option("--route NAME", &options->route, "the route whose rules are asked")
               .example("symbolon config explain --cert laptop.crt --route web", "")
               .action([options](Session& session) { return explain(*options, session); }))
      .sub(Command("reference", "Print every key, its type, its default and what it does").action([](Session& session) {
        return print_document("configuration", session);
      }))
      .sub(Command("schema", "Print the JSON schema, for editors").action([](Session& session) {
        return print_document("schema", session);
      }));
  return command;
}

Command docs_command() {
  auto which = std::make_shared<std::string>();
  Command command("docs", "Print a generated document");
  command.argument("DOCUMENT", which.get(), "rejections, configuration, schema, openapi")
      .hidden()
      .action([which](Session& session) { return print_document(*which, session); });
  return command;
}

}  // namespace symbolon::cli
