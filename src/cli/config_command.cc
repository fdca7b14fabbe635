// config: is the configuration right, and what would its rules say?
#include <boost/json.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/documents.h"
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
  for (std::size_t i = 1; i < errors.size(); ++i) session.terminal().error_line(errors[i]);
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

}  // namespace symbolon::cli
