// crl: the revocation list of a CA, for programs that take one.
#include <algorithm>
#include <memory>

#include "api/codec.h"
#include "authority/hierarchy.h"
#include "cli/authority_link.h"
#include "cli/commands.h"
#include "cli/root_key.h"
#include "enroll/crl_signature.h"
#include "revocation/crl_parser.h"
#include "x509/pem.h"

namespace symbolon::cli {
namespace {

struct CrlOptions {
  std::vector<std::string> name;
  bool root = false;
  RootKeyWords key;
  std::optional<std::string> next_update;
  std::optional<std::string> out;
  bool pem = false;
};

// The CA that was named, else the one in use.
Result<api::IssuerInfo> choose(enroll::AuthorityClient& client, const std::vector<std::string>& name) {
  if (name.size() > 1) return fail(Code::usage, "one CA at a time");
  const api::IssuerList list = TRY(client.issuers());
  const auto found = std::ranges::find_if(list.issuers, [&](const api::IssuerInfo& issuer) {
    return name.empty() ? issuer.in_use : issuer.name == name.front();
  });
  if (found != list.issuers.end()) return *found;
  if (name.empty()) return fail(Code::ca_none_in_use, "name one of `symbolon show issuers`");
  return fail(Code::issuer_unknown, "'{}'", name.front());
}

// What it says of itself, counted again here.
Result<api::CrlInfo> info_of(const std::string& issuer, ByteView der) {
  const revocation::CrlSyntax crl = TRY(revocation::parse_crl(der));
  api::CrlInfo out{.issuer = issuer,
                   .number = 0,
                   .this_update = crl.this_update,
                   .next_update = crl.next_update,
                   .entries = 0,
                   .octets = static_cast<std::int64_t>(der.size())};
  for (const std::uint8_t octet : crl.number.value_or(Bytes())) out.number = out.number << 8U | octet;
  TRY(revocation::for_each_entry(der, [&](const revocation::CrlEntry&) { ++out.entries; }));
  return out;
}

void show_entries(const std::vector<api::CrlEntry>& entries, const Terminal& terminal) {
  for (const api::CrlEntry& entry : entries) {
    terminal.note(
        fmt::format("it lists {} ({}), revoked {}", entry.serial, api::name(entry.reason), to_rfc3339(entry.at)));
  }
  if (entries.empty()) terminal.note("it lists nothing: no CA below the root is revoked");
}

// Signed here, with the root's key, which the authority never has.
Result<std::string> root_crl(const CrlOptions& options, AuthorityLink& link, const Session& session) {
  api::NewCrlRequest request;
  if (options.next_update) request.next_update = TRY(parse_duration(*options.next_update));
  Root root = TRY(open_root(options.key, link.client(), session));
  const std::string name(authority::kRootName);
  const api::NewCrlAnswer answer = TRY(link.client().new_crl(name, request));
  show_entries(answer.entries, session.terminal());
  const Seconds longest = request.next_update.value_or(api::kCrlByHand);
  const enroll::SignedCrl crl =
      TRY(enroll::sign_crl(answer, longest, root.certificate, std::move(root.key), session.clock().now()));
  TRY(link.client().sign_crl(name, crl.signature));
  return std::string(as_text(crl.der));
}

Result<std::string> crl_der(const CrlOptions& options, std::string& issuer, AuthorityLink& link,
                            const Session& session) {
  if (options.root) {
    if (!options.name.empty()) return fail(Code::usage, "--root is the CA");
    issuer = authority::kRootName;
    return root_crl(options, link, session);
  }
  if (options.key.root_key || options.key.passphrase_file || options.next_update) {
    return fail(Code::usage, "--root-key, --passphrase-file and --next-update go with --root");
  }
  issuer = TRY(choose(link.client(), options.name)).name;
  return link.client().crl(issuer);
}

Status crl(const CrlOptions& options, const Session& session) {
  AuthorityLink link = TRY(AuthorityLink::open(session));
  std::string issuer;
  const std::string der = TRY(crl_der(options, issuer, link, session));
  const api::CrlInfo info = TRY(info_of(issuer, as_bytes(der)));
  const Terminal& terminal = session.terminal();
  const std::string pem = options.pem || !options.out ? x509::encode_pem("X509 CRL", as_bytes(der)) : std::string();
  if (options.out) TRY(write_file(*options.out, options.pem ? pem : der, {.existing = Existing::replace}));
  if (session.json()) {
    terminal.print(api::encode(info));
    return {};
  }
  if (!options.out) terminal.print(std::string_view(pem).substr(0, pem.size() - 1));
  terminal.note(fmt::format("CRL {} of '{}': {} entries, {} to {}{}", info.number, info.issuer, info.entries,
                            to_rfc3339(info.this_update), to_rfc3339(info.next_update),
                            options.out ? ", in " + *options.out : std::string()));
  return {};
}

}  // namespace

Command crl_command() {
  auto options = std::make_shared<CrlOptions>();
  Command command("crl", "The revocation list (CRL) of a CA, for programs that do not follow the authority");
  command
      .optional_argument("NAME", &options->name, "the CA, as `symbolon show issuers` names it (default: that in use)")
      .details(
          "It has every revocation until now; one is made if the last is older. Without --out it is printed in PEM.\n"
          "`authority.crl` in the configuration publishes them: in the folder `crl` of the state and over HTTP.")
      .option("--root", &options->root,
              "that of the root, signed here with its key, which goes nowhere; the authority publishes it")
      .option("--root-key FILE", &options->key.root_key,
              "with --root; default: root.key of the state folder, or beside --authority-ca")
      .option("--passphrase-file FILE", &options->key.passphrase_file, "opens the root's key (default: asked for)")
      .option("--next-update SPAN", &options->next_update, "with --root: how long it counts (default: 180d)")
      .option("--out FILE", &options->out, "write it there, in DER; a file that is there is replaced")
      .option("--pem", &options->pem, "in PEM")
      .example("symbolon crl --pem --out /etc/apache2/clients.crl", "what SSLCARevocationFile takes")
      .example("symbolon crl | openssl crl -noout -text", "")
      .example("symbolon crl --root --root-key /media/stick/root.key",
               "after a CA was revoked, and before the last one ends")
      .calls("crl")
      .action([options](Session& session) { return crl(*options, session); });
  return command;
}

}  // namespace symbolon::cli
