// trust and export: making other software trust the CA, and demand its certificates.
#include <cstdlib>
#include <memory>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "enroll/server_export.h"
#include "enroll/trust_store.h"

namespace symbolon::cli {
namespace {

struct TrustOptions {
  bool system = false;
  std::optional<std::string> nss;
  std::optional<std::string> nss_password_file;
  std::optional<std::string> java;
  std::optional<std::string> java_password_file;
  std::optional<std::string> ca;
  bool print = false;
};

// The root that others are to trust: --ca, else that of the state.
Result<Path> root_file(const std::optional<std::string>& named, const Session& session) {
  if (named) return Path(*named);
  return TRY(find_state(session)) / "root.crt";
}

Result<x509::Certificate> read_root(const Path& file) {
  auto certificates = TRY(x509::Certificate::from_file_content(TRY(read_file(file, 1 << 20)), file.string()));
  if (certificates.size() != 1) {
    return fail_at(file.string(), Code::trust_unusable, "it holds {} certificates; one root is expected",
                   certificates.size());
  }
  return std::move(certificates.front());
}

Result<std::vector<std::unique_ptr<enroll::TrustStore>>> stores(const TrustOptions& options, const Session& session) {
  std::vector<std::unique_ptr<enroll::TrustStore>> out;
  if (options.nss) {
    std::optional<Path> password_file;
    if (options.nss_password_file) password_file = *options.nss_password_file;
    out.push_back(enroll::nss_trust_store(*options.nss, password_file));
  }
  if (options.java) {
    Secret password("changeit");
    if (options.java_password_file) password = TRY(session.passphrase(options.java_password_file, {}));
    out.push_back(enroll::java_trust_store(*options.java, std::move(password)));
  }
  if (options.system || out.empty()) {
    out.push_back(enroll::system_trust_store(TRY(enroll::detect_system_layout())));
  }
  return out;
}

Status change(const TrustOptions& options, const Session& session, bool install) {
  const Path file = TRY(root_file(options.ca, session));
  const x509::Certificate root = TRY(read_root(file));
  if (options.print) {
    session.terminal().print(enroll::trust_instructions(root, file.filename().string()));
    return {};
  }
  for (const auto& store : TRY(stores(options, session))) {
    const auto changed = install ? store->install(root) : store->remove(root);
    if (!changed) return std::unexpected(changed.error());
    const bool already = *changed == enroll::TrustChange::already_so;
    session.terminal().print(
        fmt::format("{}{} {} {}", already ? "nothing to do: " : "",
                    install ? (already ? "trusted by" : "installed in") : (already ? "not in" : "removed from"),
                    store->text(), printable(root.subject().text())));
  }
  return {};
}

Status list(const TrustOptions& options, const Session& session) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& store : TRY(stores(options, session))) {
    for (const enroll::TrustedRoot& root : TRY(store->list())) {
      rows.push_back({root.name, to_rfc3339(root.certificate.validity().not_after), root.certificate.subject().text(),
                      store->text()});
    }
  }
  if (rows.empty()) {
    session.terminal().note("none of ours is installed");
    return {};
  }
  session.terminal().table({"NAME", "ENDS", "SUBJECT", "STORE"}, rows);
  return {};
}

Command trust_verb(std::string name, std::string help, const std::shared_ptr<TrustOptions>& options) {
  Command command(std::move(name), std::move(help));
  command.option("--system", &options->system, "the system's store (the default)")
      .option("--nss DIR", &options->nss, "an NSS database: Firefox's profile, ~/.pki/nssdb for Chromium")
      .option("--nss-password-file FILE", &options->nss_password_file, "of an NSS database that has a password")
      .option("--java KEYSTORE", &options->java, "a Java key store (JKS or PKCS#12); made if absent")
      .option("--java-password-file FILE", &options->java_password_file, "its password (default: changeit)")
      .option("--ca FILE", &options->ca, "the root (default: root.crt of the state)");
  return command;
}

struct ExportOptions {
  std::string software;
  std::string name;
  std::optional<std::string> certificate;
  std::optional<std::string> key;
  std::optional<std::string> client_ca;
  std::string depth = "3";
  std::string listen = ":8443";
  std::string document_root;
  std::string backend;
};

std::string absolute_path(const Path& path) {
  std::error_code ignored;
  return std::filesystem::absolute(path, ignored).lexically_normal().string();
}

Status export_configuration(const ExportOptions& options, const Session& session) {
  const auto software = enroll::server_software_from_name(options.software);
  if (!software) return fail(Code::usage, "'{}' is not a server we know (apache, nginx, haproxy)", options.software);
  if (options.depth.size() != 1 || options.depth[0] < '0' || options.depth[0] > '9') {
    return fail(Code::usage, "--depth must be 0 to 9");
  }
  enroll::ServerExport out;
  out.server_name = options.name;
  out.certificate = absolute_path(options.certificate.value_or(options.name + ".crt"));
  out.key = absolute_path(options.key.value_or(options.name + ".key"));
  out.client_ca = absolute_path(TRY(root_file(options.client_ca, session)));
  out.depth = options.depth[0] - '0';
  out.listen = options.listen;
  out.document_root = options.document_root.empty() ? "" : absolute_path(options.document_root);
  out.backend = options.backend;
  const std::string text = TRY(enroll::export_server(*software, out));
  session.terminal().print(std::string_view(text).substr(0, text.size() - (text.ends_with('\n') ? 1 : 0)));
  return {};
}

}  // namespace

Command trust_command() {
  auto options = std::make_shared<TrustOptions>();
  Command install = trust_verb("install", "Make this machine's programs trust the root", options);
  install.option("--print", &options->print, "print what to do on machines that cannot be reached")
      .example("sudo symbolon trust install", "curl, wget, git and most programs")
      .example("symbolon trust install --nss ~/.pki/nssdb", "Chromium")
      .action([options](Session& session) { return change(*options, session, true); });
  Command remove = trust_verb("remove", "Take the root out again; nothing else is touched", options);
  remove.action([options](Session& session) { return change(*options, session, false); });
  Command listed = trust_verb("list", "Which roots of ours are installed", options);
  listed.action([options](Session& session) { return list(*options, session); });
  Command command("trust", "Make programs trust the root: the system's, browsers, Java");
  command.sub(std::move(install)).sub(std::move(remove)).sub(std::move(listed));
  return command;
}

Command export_command() {
  auto options = std::make_shared<ExportOptions>();
  Command command("export", "Print a working mutual-TLS configuration for another server");
  command.argument("SOFTWARE", &options->software, "apache, nginx or haproxy")
      .values({"apache", "nginx", "haproxy"})
      .argument("NAME", &options->name,
                "the server's name; NAME.crt and NAME.key are what `symbolon issue server NAME` wrote")
      .option("--cert FILE", &options->certificate, "the server's certificate, its chain behind it (default: NAME.crt)")
      .option("--key FILE", &options->key, "its key (default: NAME.key)")
      .option("--client-ca FILE", &options->client_ca, "whose clients get in (default: root.crt of the state)")
      .option("--depth N", &options->depth, "intermediates at most between client and root (default: 3)")
      .option("--listen ADDRESS:PORT", &options->listen, "default: :8443")
      .option("--document-root DIR", &options->document_root, "what is served (apache, nginx)")
      .option("--backend HOST:PORT", &options->backend, "or where requests go (haproxy needs it)")
      .example("symbolon export apache web.example --document-root /var/www > /etc/apache2/sites-available/web.conf",
               "")
      .action([options](Session& session) { return export_configuration(*options, session); });
  return command;
}

}  // namespace symbolon::cli
