#include "cli/documents.h"

#include "api/openapi.h"
#include "check/code_list.h"
#include "cli/configuration.h"
#include "config/reference.h"
#include "config/schema.h"

namespace symbolon::cli {
namespace {

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

}  // namespace

Result<std::string> document(std::string_view which) {
  if (which == "rejections") return rejections();
  if (which == "check-codes") return check::code_list_page();
  if (which == "configuration") return configuration_page();
  if (which == "schema") return config::schema(*configuration_table().description(), "symbolon.yaml");
  if (which == "openapi") return api::openapi_document();
  return fail(Code::usage, "'{}' is not a generated document (rejections, check-codes, configuration, schema, openapi)",
              which);
}

Status print_document(std::string_view which, const Session& session) {
  std::string text = TRY(document(which));
  while (text.ends_with('\n')) text.pop_back();
  session.terminal().print(text);
  return {};
}

}  // namespace symbolon::cli
