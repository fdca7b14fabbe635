// ca: further issuing CAs. The root's key is used here, where it is, and never sent.
#include <memory>

#include "api/codec.h"
#include "authority/imported_ca.h"
#include "cli/authority_link.h"
#include "cli/commands.h"
#include "cli/root_key.h"
#include "enroll/root_signature.h"

namespace symbolon::cli {
namespace {

struct NewIssuerWords {
  RootKeyWords root;
  std::optional<std::string> key_type;
  std::optional<std::string> lifetime;
  std::vector<std::string> permit;
  std::vector<std::string> exclude;
};

Result<api::NewIssuerRequest> request_of(const NewIssuerWords& words) {
  api::NewIssuerRequest request{
      .key_type = words.key_type, .lifetime = {}, .permit = words.permit, .exclude = words.exclude};
  if (words.key_type && !crypto::key_type_from_name(*words.key_type)) {
    return fail(Code::usage, "'{}' is not a key type", *words.key_type);
  }
  if (words.lifetime) request.lifetime = TRY(parse_duration(*words.lifetime));
  return request;
}

void print_issuer(const Session& session, std::string_view done, const api::IssuerInfo& issuer) {
  if (session.json()) return session.terminal().print(api::encode(issuer));
  session.terminal().print(
      fmt::format("{} {} ({}), until {}", done, issuer.name, printable(issuer.subject), to_rfc3339(issuer.not_after)));
}

Status new_issuer(const NewIssuerWords& words, const Session& session) {
  const api::NewIssuerRequest request = TRY(request_of(words));
  AuthorityLink link = TRY(AuthorityLink::open(session));
  Root root = TRY(open_root(words.root, link.client(), session));
  const api::NewIssuerAnswer answer = TRY(link.client().new_issuer(request));
  const std::string signature =
      TRY(enroll::sign_issuer({request, answer}, root.certificate, std::move(root.key), session.clock().now()));
  const api::IssuerInfo made = TRY(link.client().sign_issuer(answer.serial, {signature}));
  print_issuer(session, "made", made);
  session.terminal().note(
      "new certificates come from it from now on; the old issuing CA stays valid for those it issued");
  return {};
}

struct ImportWords {
  std::string certificate;
  std::optional<std::string> key;
  std::optional<std::string> passphrase_file;
  bool use = false;
};

// Opened here, so that a wrong file or passphrase never gets as far as the authority.
Result<authority::OpenedCa> open_import(const ImportWords& words, const Session& session) {
  authority::ImportedCa import;
  import.where = words.certificate;
  import.certificate = TRY(read_file(words.certificate, 4 << 20));
  if (words.key) import.key = TRY(read_private_file(*words.key));
  if (words.passphrase_file) import.passphrase = TRY(session.passphrase(words.passphrase_file, {}));
  auto opened = authority::open_imported(import, session.clock().now());
  if (opened || words.passphrase_file) return opened;
  Error error = std::move(opened).error();
  if (error.code == Code::passphrase_wrong) error.code = Code::passphrase_needed;
  if (error.code == Code::passphrase_needed) error.words += "; give it with --passphrase-file";
  return std::unexpected(std::move(error));
}

Status import_issuer(const ImportWords& words, const Session& session) {
  const authority::OpenedCa opened = TRY(open_import(words, session));
  const Secret key = TRY(opened.key.to_pem());
  api::ImportIssuerRequest request{
      .certificates = opened.certificate.pem(), .key = std::string(key.reveal()), .use = words.use};
  for (const x509::Certificate& above : opened.above) request.certificates += above.pem();
  AuthorityLink link = TRY(AuthorityLink::open(session));
  const auto taken = link.client().import_issuer(request);
  explicit_bzero(request.key.data(), request.key.size());
  const api::IssuerInfo issuer = TRY(taken);
  print_issuer(session, "imported", issuer);
  const Terminal& terminal = session.terminal();
  if (session.clock().now() < issuer.not_before) {
    terminal.warn(fmt::format("it signs nothing before {}", to_rfc3339(issuer.not_before)));
  }
  terminal.note(std::string(kEarlierRevocations));
  terminal.note(words.use ? "new certificates come from it from now on"
                          : fmt::format("another CA stays in use; next: symbolon ca use {}", issuer.name));
  return {};
}

Status use_issuer(const std::string& name, const Session& session) {
  AuthorityLink link = TRY(AuthorityLink::open(session));
  const api::IssuerInfo used = TRY(link.client().use_issuer(name));
  print_issuer(session, "new certificates come from now on from", used);
  return {};
}

}  // namespace

Command ca_command() {
  auto made = std::make_shared<NewIssuerWords>();
  auto taken = std::make_shared<ImportWords>();
  auto used = std::make_shared<std::string>();
  Command command("ca", "Further issuing CAs");
  command
      .sub(Command("new-issuer", "Make a new issuing CA from the root; new certificates come from it")
               .details("The authority makes its key and says what is to be signed; the root's key signs it here and "
                        "goes nowhere.")
               .option("--root-key FILE", &made->root.root_key,
                       "default: root.key of the state folder, or beside --authority-ca")
               .option("--passphrase-file FILE", &made->root.passphrase_file,
                       "opens the root's key (default: asked for)")
               .option("--key-type TYPE", &made->key_type, "default: the root's")
               .values(key_type_names())
               .option("--lifetime SPAN", &made->lifetime, "default: 5y")
               .option("--permit NAME", &made->permit, "it may name only this; may be repeated")
               .option("--exclude NAME", &made->exclude, "it may not name this; may be repeated")
               .example("symbolon ca new-issuer --root-key /media/stick/root.key",
                        "the root's key comes back for this only")
               .calls("new_issuer")
               .action([made](Session& session) { return new_issuer(*made, session); }))
      .sub(Command("import", "Take over an issuing CA that exists; on the authority's own machine")
               .argument("FILE", &taken->certificate, "PEM (the CA first, its chain behind it) or PKCS#12")
               .option("--key FILE", &taken->key, "its key in PEM")
               .option("--passphrase-file FILE", &taken->passphrase_file, "opens the key or the PKCS#12")
               .option("--use", &taken->use, "new certificates come from it from now on")
               .calls("import_issuer")
               .action([taken](Session& session) { return import_issuer(*taken, session); }))
      .sub(Command("use", "Say which issuing CA new certificates come from")
               .argument("NAME", used.get(), "as `symbolon show issuers` names it")
               .calls("use_issuer")
               .action([used](Session& session) { return use_issuer(*used, session); }));
  return command;
}

}  // namespace symbolon::cli
