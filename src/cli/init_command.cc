// init: a whole authority from nothing.
#include <memory>

#include "authority/init.h"
#include "cli/commands.h"
#include "cli/configuration.h"

namespace symbolon::cli {
namespace {

struct InitWords {
  std::string organization;
  std::string key_type = "p256";
  std::optional<std::string> passphrase_file;
  bool encrypt_issuing_key = false;
  std::optional<std::string> issuing_passphrase_file;
  std::optional<std::string> root_cert;
  std::optional<std::string> root_key;
  std::optional<std::string> issuing_cert;
  std::optional<std::string> issuing_key;
  std::optional<std::string> import_passphrase_file;
  std::vector<std::string> permit;
  std::vector<std::string> exclude;
};

Result<std::optional<authority::ImportedCa>> read_import(const std::optional<std::string>& certificate,
                                                         const std::optional<std::string>& key, const InitWords& words,
                                                         const Session& session) {
  if (!certificate) {
    if (key) return fail(Code::usage, "a key without its certificate: name both");
    return std::optional<authority::ImportedCa>();
  }
  authority::ImportedCa import;
  import.where = *certificate;
  import.certificate = TRY(read_file(*certificate, 4 << 20));
  if (key) import.key = TRY(read_private_file(*key));
  if (words.import_passphrase_file) import.passphrase = TRY(session.passphrase(words.import_passphrase_file, {}));
  return std::optional<authority::ImportedCa>(std::move(import));
}

void print_made(const Session& session, const Places& places, const authority::InitResult& made) {
  const Terminal& terminal = session.terminal();
  const auto until = [](const x509::Certificate& certificate) { return to_rfc3339(certificate.validity().not_after); };
  terminal.print(fmt::format("{} an authority in {}", terminal.styled(Style::good, "made"), places.state.string()));
  if (made.root) {
    terminal.print(
        fmt::format("  root          {} (until {})", printable(made.root->subject().text()), until(*made.root)));
  }
  terminal.print(
      fmt::format("  issuing CA    {} (until {})", printable(made.issuing.subject().text()), until(made.issuing)));
  const Path trusted = places.state / (made.root ? "root.crt" : "issuing.crt");
  terminal.print(fmt::format("  trust this    {}", trusted.string()));
  if (std::filesystem::exists(places.state / "root.key")) {
    terminal.print(fmt::format("  root's key    {} (encrypted; not needed to run: move it off this machine)",
                               (places.state / "root.key").string()));
  }
  terminal.print(fmt::format("  admin         {}", (places.state / "admin.crt").string()));
  terminal.print(fmt::format("  configuration {}", places.config.string()));
  for (const std::string& note : made.notes) terminal.note(note);
  terminal.note("next: symbolon issue server web.example; symbolon issue client laptop; symbolon run");
}

// Names the option that was left out, where it is a passphrase that the import lacks.
std::unexpected<Error> needs_passphrase(Error error, std::string_view option) {
  if (error.code == Code::passphrase_wrong) error.code = Code::passphrase_needed;
  if (error.code == Code::passphrase_needed) error.words = fmt::format("{}; give it with {}", error.words, option);
  return std::unexpected(std::move(error));
}

Status init(const InitWords& words, const Session& session) {
  const Places places = session.default_places();
  authority::InitOptions options;
  options.organization = words.organization;
  options.state = places.state;
  options.config = places.config;
  const auto type = crypto::key_type_from_name(words.key_type);
  if (!type)
    return fail(Code::usage, "'{}' is not a key type (p256, p384, ed25519, rsa2048, rsa3072, rsa4096)", words.key_type);
  options.key_type = *type;
  options.name_constraints = TRY(x509::NameConstraints::parse(words.permit, words.exclude));
  options.root = TRY(read_import(words.root_cert, words.root_key, words, session));
  options.issuing = TRY(read_import(words.issuing_cert, words.issuing_key, words, session));
  std::error_code ignored;
  if (std::filesystem::exists(places.config, ignored)) {
    return fail_at(places.config.string(), Code::already_exists,
                   "there is an authority here already; nothing was changed");
  }
  if (!options.issuing) {
    options.root_passphrase = TRY(session.new_passphrase(words.passphrase_file, "A passphrase for the root's key"));
  }
  if (words.encrypt_issuing_key || words.issuing_passphrase_file) {
    options.issuing_passphrase =
        TRY(session.new_passphrase(words.issuing_passphrase_file, "A passphrase for the issuing CA's key"));
  }
  auto made_or_not = authority::init(options, session.clock());
  const bool imports = options.root || options.issuing;
  if (!made_or_not && imports && !words.import_passphrase_file) {
    return needs_passphrase(std::move(made_or_not).error(), "--import-passphrase-file");
  }
  const authority::InitResult made = TRY(std::move(made_or_not));
  print_made(session, places, made);
  if (options.issuing) session.terminal().note(std::string(kEarlierRevocations));
  return {};
}

}  // namespace

Command init_command() {
  auto words = std::make_shared<InitWords>();
  Command command("init", "Make a CA, a ledger, an admin certificate and a commented configuration");
  command.argument("ORGANIZATION", &words->organization, "\"Example Corp\": stands in the names of the CAs")
      .option("--passphrase-file FILE", &words->passphrase_file,
              "its first line encrypts the root's key (default: asked for, twice)")
      .option("--encrypt-issuing-key", &words->encrypt_issuing_key,
              "the issuing CA's key lies encrypted too: whatever signs needs its passphrase (docs/threat-model.md)")
      .option("--issuing-passphrase-file FILE", &words->issuing_passphrase_file,
              "its first line encrypts it (default: asked for, twice)")
      .option("--key-type TYPE", &words->key_type,
              "of the CAs: p256 (default), p384, ed25519, rsa2048, rsa3072, rsa4096")
      .values(key_type_names())
      .option("--permit NAME", &words->permit,
              "the issuing CA may name only this (dns:example.com, email:example.com, ip:10.0.0.0/8, uri:example.com); "
              "may be repeated")
      .option("--exclude NAME", &words->exclude, "the issuing CA may not name this; may be repeated")
      .option("--import-root FILE", &words->root_cert, "use this root: PEM or PKCS#12")
      .option("--import-root-key FILE", &words->root_key, "its key in PEM")
      .option("--import-issuing FILE", &words->issuing_cert, "use this issuing CA, its chain behind it: PEM or PKCS#12")
      .option("--import-issuing-key FILE", &words->issuing_key, "its key in PEM")
      .option("--import-passphrase-file FILE", &words->import_passphrase_file, "opens the imported key or PKCS#12")
      .example("symbolon init \"Example Corp\"",
               "everything in /etc/symbolon and /var/lib/symbolon (root), else in ./symbolon")
      .example(
          "symbolon init \"Example Corp\" --import-root corp-root.p12 --import-passphrase-file p12.txt "
          "--passphrase-file root.txt",
          "below a root that exists")
      .action([words](Session& session) { return init(*words, session); });
  return command;
}

}  // namespace symbolon::cli
